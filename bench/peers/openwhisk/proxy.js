// The least an OpenWhisk action proxy can be in Node, the function beside it.
const http = require("http");

const mark = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n";

function main(args) {
  return { message: `Hello, ${args.name || "World"}!` };
}

http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    let answer = { ok: true };
    if (request.url === "/run") {
      answer = main(JSON.parse(Buffer.concat(parts)).value);
      process.stdout.write(mark);
      process.stderr.write(mark);
    }
    const body = JSON.stringify(answer);
    response.writeHead(200, {
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(body),
    });
    response.end(body);
  });
}).listen(Number(process.env.PORT), "127.0.0.1");
