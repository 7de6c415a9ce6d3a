"""Which of two replies a person prefers; descriptions and prompts as inputs."""
