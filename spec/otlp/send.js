/*
 * send.js - sends the trace of an agent's run with one of OpenTelemetry's exporters:
 *
 *   node spec/otlp/send.js http|proto none|gzip URL KEY ATTRIBUTES
 *
 * ATTRIBUTES is a JSON object for the root span. Prints the trace's id, and fails where the exporter reports that
 * the export has failed.
 */
const { context, trace, SpanKind, SpanStatusCode } = require("@opentelemetry/api");
const { resourceFromAttributes } = require("@opentelemetry/resources");
const { BasicTracerProvider, SimpleSpanProcessor } = require("@opentelemetry/sdk-trace-base");

const [form, compression, url, key, attributes] = process.argv.slice(2);
const { OTLPTraceExporter } = require(`@opentelemetry/exporter-trace-otlp-${form}`);

const exporter = new OTLPTraceExporter({
  url: `${url}/api/v1/traces`,
  headers: { Authorization: `Bearer ${key}` },
  compression,
});
const results = [];
const send = exporter.export.bind(exporter);
exporter.export = (spans, done) =>
  send(spans, (result) => {
    results.push(result);
    done(result);
  });

const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ "service.name": "exporter", "deployment.environment.name": form }),
  spanProcessors: [new SimpleSpanProcessor(exporter)],
});
const tracer = provider.getTracer("spec");

// The first child starts in the same millisecond and is sent before its parent.
const begin = Date.now();
const root = tracer.startSpan("invoke_agent", {
  startTime: begin,
  attributes: { ...JSON.parse(attributes), "input.value": "Grüße" },
});
const inside = trace.setSpan(context.active(), root);
const chat = tracer.startSpan(
  "chat",
  {
    startTime: begin,
    kind: SpanKind.CLIENT,
    attributes: {
      "gen_ai.request.model": "sandbox-small",
      "gen_ai.usage.input_tokens": 100,
      "gen_ai.usage.output_tokens": 20,
      "gen_ai.usage.cost": 0.25,
      list: ["a", "b"],
    },
  },
  inside,
);
chat.end(begin + 5);
const tool = tracer.startSpan(
  "execute_tool search",
  { startTime: begin + 5, attributes: { "gen_ai.tool.name": "search" } },
  inside,
);
tool.recordException(new Error("boom"));
tool.setStatus({ code: SpanStatusCode.ERROR, message: "boom" });
tool.end(begin + 10);
root.end(begin + 10);

provider
  .forceFlush()
  .then(() => provider.shutdown())
  .then(() => {
    const failed = results.filter((result) => result.code !== 0);
    if (results.length !== 3 || failed.length > 0) {
      console.error(`${results.length} exports, failed: ${failed.map((result) => result.error)}`);
      process.exitCode = 1;
    }
    console.log(root.spanContext().traceId);
  });
