// Command collector reads OTLP's JSON from standard input with the parser of the OpenTelemetry
// Collector, and prints what it understood, a line each: the tests hold that against what was sent.
//
//	collector traces|metrics < body
package main

import (
	"fmt"
	"io"
	"os"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

func main() {
	if err := read(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "collector:", err)
		os.Exit(1)
	}
}

func read(signal string) error {
	body, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	if signal == "traces" {
		return traces(body)
	}
	return metrics(body)
}

func traces(body []byte) error {
	request := ptraceotlp.NewExportRequest()
	if err := request.UnmarshalJSON(body); err != nil {
		return err
	}
	for _, resource := range request.Traces().ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				fmt.Println(span.Name(), span.Kind(), span.TraceID(), span.SpanID(), span.ParentSpanID(),
					span.EndTimestamp() >= span.StartTimestamp(), span.Attributes().Len())
			}
		}
	}
	return nil
}

func metrics(body []byte) error {
	request := pmetricotlp.NewExportRequest()
	if err := request.UnmarshalJSON(body); err != nil {
		return err
	}
	for _, resource := range request.Metrics().ResourceMetrics().All() {
		service, _ := resource.Resource().Attributes().Get("service.name")
		for _, scope := range resource.ScopeMetrics().All() {
			for _, metric := range scope.Metrics().All() {
				fmt.Println(service.AsString(), metric.Name(), metric.Unit(), metric.Type(), points(metric))
			}
		}
	}
	return nil
}

// The data points, added up: their number, and what they count.
func points(metric pmetric.Metric) string {
	var count, sum uint64
	consistent := true
	switch metric.Type() {
	case pmetric.MetricTypeSum:
		for _, point := range metric.Sum().DataPoints().All() {
			count++
			sum += uint64(point.IntValue())
		}
		consistent = metric.Sum().IsMonotonic() &&
			metric.Sum().AggregationTemporality() == pmetric.AggregationTemporalityCumulative
	case pmetric.MetricTypeHistogram:
		for _, point := range metric.Histogram().DataPoints().All() {
			count++
			sum += point.Count()
			var buckets uint64
			for _, each := range point.BucketCounts().All() {
				buckets += each
			}
			consistent = consistent && buckets == point.Count() &&
				point.BucketCounts().Len() == point.ExplicitBounds().Len()+1
		}
	}
	return fmt.Sprint(count, " ", sum, " ", consistent)
}
