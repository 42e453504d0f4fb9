// For a Node.js of a few seconds: WebAssembly stays as it is compiled first. The validation's engine runs for a second
// or two, and V8 would compile it anew meanwhile, for speed that comes when all is done.
const { setFlagsFromString } = require("node:v8");

setFlagsFromString("--no-wasm-tier-up");
setFlagsFromString("--no-wasm-dynamic-tiering");
