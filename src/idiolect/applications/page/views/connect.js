// How to put a real model behind this door.

import { speaker } from "../script/api.js";
import { h } from "../script/dom.js";
import { copyable } from "../script/parts.js";
import { person, state } from "../script/state.js";

const WAYS = [
  [
    "A server on this machine",
    "Ollama, vLLM, llama.cpp, SGLang: anything that speaks OpenAI’s protocol.",
    "idiolect serve --upstream http://localhost:11434/v1",
  ],
  [
    "A model in a folder",
    "Any decoder in Hugging Face’s format. Methods that change weights work with it too.",
    "idiolect serve --model ./my-model",
  ],
  [
    "A vendor",
    "The key stays with this service. What is known of somebody leaves the machine only where that person allows it.",
    "OPENAI_API_KEY=… idiolect serve --upstream https://api.openai.com/v1",
  ],
];

/** The view; the same for everybody. */
export function connect() {
  const { session } = state;
  const runs = session.upstream
    ? `Now answering: ${session.model}, at ${session.upstream}.`
    : session.embedded
      ? "Now answering: the small model that comes with the package. What is known of people stays as it is when another takes its place."
      : `Now answering: ${session.model}, on this machine.`;
  const user = person().id ?? "ann";
  const origin = new URL("v1", document.baseURI).href;
  const shell = [
    `curl ${origin}/chat/completions`,
    `  -H "content-type: application/json"`,
    speaker.token && `  -H "authorization: Bearer $TOKEN"`,
    `  -d '${JSON.stringify({ model: session.model, user, messages: [{ role: "user", content: "Where does my sister live?" }] })}'`,
  ]
    .filter(Boolean)
    .join(" \\\n");
  const python = [
    `from openai import OpenAI`,
    ``,
    `client = OpenAI(base_url="${origin}", api_key=TOKEN)`,
    `answer = client.chat.completions.create(`,
    `    model="${session.model}", user="${user}",`,
    `    messages=[{"role": "user", "content": "Where does my sister live?"}],`,
    `)`,
    `answer.idiolect["sources"]  # why`,
  ].join("\n");
  const element = h(
    "section",
    { class: "connect" },
    h("h1", {}, "Connect a real model"),
    h("p", { class: "lead" }, runs),
    h("p", {}, "Stop the service, and start it with one of these. Each is one command."),
    WAYS.map(([title, what, command]) => [h("h2", {}, title), h("p", {}, what), copyable(command, title)]),
    h("h2", {}, "Use it from your application"),
    h("p", {}, "Change the base URL of the client you have, and say who is asking."),
    h("h3", {}, "Python"),
    copyable(python, "Python"),
    h("h3", {}, "Shell"),
    copyable(shell, "Shell"),
  );
  return { element };
}
