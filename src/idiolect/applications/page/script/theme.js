// Light, dark, or as the system has it. A classic script in the head, so that the page never flashes the other colours.
(() => {
  const order = ["system", "light", "dark"];
  const say = { system: "as the system has them", light: "light", dark: "dark" };
  const root = document.documentElement;

  function read() {
    try {
      const kept = localStorage.getItem("idiolect-theme");
      return order.includes(kept) ? kept : "system";
    } catch {
      return "system"; // storage is switched off: the choice holds until the page is closed
    }
  }

  function use(theme) {
    root.dataset.theme = theme;
    const button = document.getElementById("theme");
    if (!button) return;
    button.setAttribute("aria-label", `Colours: ${say[theme]}`);
    button.title = `Colours: ${say[theme]}`;
  }

  use(read());
  document.addEventListener("DOMContentLoaded", () => {
    use(root.dataset.theme);
    document.getElementById("theme").addEventListener("click", () => {
      const next = order[(order.indexOf(root.dataset.theme) + 1) % order.length];
      use(next);
      try {
        localStorage.setItem("idiolect-theme", next);
      } catch {
        // as above
      }
    });
  });
})();
