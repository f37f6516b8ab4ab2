#!/usr/bin/env node
// Runs the binary of this platform, which an optional dependency has brought along. Nothing is downloaded, and no script runs
// at installation.
"use strict";

const { spawn } = require("node:child_process");
const { constants } = require("node:os");

const name = `@mcp-plumb/${process.platform}-${process.arch}`;
const file = process.platform === "win32" ? "plumb.exe" : "plumb";

let binary;
try {
  binary = require.resolve(`${name}/bin/${file}`);
} catch {
  console.error(
    `mcp-plumb has no binary for ${process.platform}-${process.arch}: ${name} is not installed. ` +
      "Was it installed with --omit=optional, or is it a platform that has none? `cargo install --path crates/cli` builds one.",
  );
  process.exit(70);
}

const child = spawn(binary, process.argv.slice(2), { stdio: "inherit" });
// A signal to the group reaches the binary by itself; one to this process alone is passed on.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => child.kill(signal));
}
child.on("error", (error) => {
  console.error(`plumb could not be started: ${error.message}`);
  process.exit(70);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
