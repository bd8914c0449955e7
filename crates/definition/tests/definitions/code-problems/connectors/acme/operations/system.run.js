const fs = require("fs");
const { spawn } = require("node:child_process");

module.exports = () => spawn(fs.readFileSync("/etc/passwd"));
