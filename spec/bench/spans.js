// spans.js - the same spans as spans.lua's, by OpenTelemetry's Node SDK: spans.js ENDPOINT COUNT
//
// Prints microseconds of wall time and of CPU a span until all are sent, the CPU until the last one had ended, and the
// process at its peak in KiB. Its packages are those of spec/otlp (make contract).
const { createRequire } = require("module");
const load = createRequire(`${__dirname}/../otlp/`);
const { BasicTracerProvider, BatchSpanProcessor } = load("@opentelemetry/sdk-trace-base");
const { OTLPTraceExporter } = load("@opentelemetry/exporter-trace-otlp-http");

const [endpoint, digits] = process.argv.slice(2);
const count = Number(digits);
const WAITING = 10000; // spans that wait at most

const exporter = new OTLPTraceExporter({ url: `${endpoint}/api/v1/traces`, headers: { Authorization: "Bearer bench" } });
let sent = 0;
const send = exporter.export.bind(exporter);
exporter.export = (spans, done) =>
  send(spans, (result) => {
    sent += result.code === 0 ? spans.length : 0;
    done(result);
  });
const processor = new BatchSpanProcessor(exporter, { maxQueueSize: count, maxExportBatchSize: 512 });
const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("bench");

const cpu = () => process.resourceUsage().userCPUTime + process.resourceUsage().systemCPUTime; // in microseconds
const wall = () => performance.now() * 1000;

async function main() {
  const began = { wall: wall(), cpu: cpu() };
  let written = 0;
  for (let first = 1; first <= count; first += WAITING) {
    const before = cpu();
    for (let index = first; index < first + WAITING && index <= count; index++) {
      const question = "What is the capital of France?";
      tracer.startSpan("chat", { attributes: { index, model: "small", question } }).end();
    }
    written += cpu() - before;
    await processor.forceFlush();
  }
  const took = { wall: wall() - began.wall, cpu: cpu() - began.cpu };
  if (sent !== count) throw new Error(`only ${sent} spans were sent`);
  const figures = [took.wall, took.cpu, written].map((figure) => (figure / count).toFixed(3));
  console.log(`${figures.join(" ")} ${process.resourceUsage().maxRSS}`);
  process.exit(0);
}

main();
