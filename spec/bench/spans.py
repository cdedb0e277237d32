# spans.py - the same spans as spans.lua's, by OpenTelemetry's Python SDK: spans.py ENDPOINT COUNT
import resource
import sys
import time

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

endpoint, count = sys.argv[1], int(sys.argv[2])
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint + "/api/v1/traces"), max_queue_size=count))
tracer = provider.get_tracer("bench")
wall, cpu = time.monotonic(), time.process_time()
for index in range(count):
    question = "What is the capital of France?"
    tracer.start_span("chat", attributes={"index": index, "model": "small", "question": question}).end()
written = time.process_time() - cpu
provider.force_flush(300000)
wall, cpu = time.monotonic() - wall, time.process_time() - cpu
figures = (wall / count * 1e6, cpu / count * 1e6, written / count * 1e6)
print("%.3f %.3f %.3f %d" % (*figures, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
