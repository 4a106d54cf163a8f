// Exchanges events.json with `ferry serve` through the CloudEvents SDK for Go.
//
//	client URL events.json
//
// The SDK's own client sends each event and reads each reply. It does not know the percent-encoding
// of header values (HTTP binding, 3.1.3.2): it writes UTF-8 as it is, which ferry takes, but a '%'
// or a '"' as it is as well, which means something else, and it reads no encoded value. So headers
// with those go through `encoding` below; all others are the SDK's, byte for byte.
package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/protocol"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

type testCase struct {
	Name       string         `json:"name"`
	Attributes map[string]any `json:"attributes"`
	JSON       any            `json:"json"`
	Text       *string        `json:"text"`
	Base64     *string        `json:"base64"`
}

// encoding adds what the SDK lacks, and notes the reply's content type.
type encoding struct {
	accept    string
	replyType string
	binary    bool
}

func (e *encoding) RoundTrip(request *http.Request) (*http.Response, error) {
	for name, values := range request.Header {
		if strings.HasPrefix(name, "Ce-") {
			values[0] = strings.NewReplacer("%", "%25", `"`, "%22").Replace(values[0])
		}
	}
	if e.accept != "" {
		request.Header.Set("Accept", e.accept)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	e.replyType = response.Header.Get("Content-Type")
	e.binary = response.Header.Get("Ce-Id") != ""
	for name, values := range response.Header {
		if strings.HasPrefix(name, "Ce-") {
			if values[0], err = url.PathUnescape(values[0]); err != nil {
				return nil, err
			}
		}
	}
	return response, nil
}

func eventOf(test testCase) (cloudevents.Event, error) {
	event := cloudevents.NewEvent()
	contentType := cloudevents.ApplicationJSON
	for name, value := range test.Attributes {
		switch name {
		case "id":
			event.SetID(value.(string))
		case "source":
			event.SetSource(value.(string))
		case "type":
			event.SetType(value.(string))
		case "subject":
			event.SetSubject(value.(string))
		case "dataschema":
			event.SetDataSchema(value.(string))
		case "datacontenttype":
			contentType = value.(string)
		case "time":
			when, err := time.Parse(time.RFC3339Nano, value.(string))
			if err != nil {
				return event, err
			}
			event.SetTime(when)
		default:
			if number, ok := value.(float64); ok {
				value = int32(number)
			}
			event.SetExtension(name, value)
		}
	}
	if event.Time().IsZero() {
		event.SetTime(time.Now()) // the SDK's client would
	}
	switch {
	case test.JSON != nil:
		return event, event.SetData(contentType, test.JSON)
	case test.Text != nil:
		err := event.SetData(contentType, []byte(*test.Text))
		event.DataBase64 = false
		return event, err
	case test.Base64 != nil:
		data, err := base64.StdEncoding.DecodeString(*test.Base64)
		if err != nil {
			return event, err
		}
		return event, event.SetData(contentType, data)
	}
	return event, event.Validate()
}

// attributes of an event as the SDK tells them. In binary mode all are strings.
func attributes(event cloudevents.Event, binary bool) map[string]any {
	all := map[string]any{
		"id": event.ID(), "source": event.Source(), "type": event.Type(), "subject": event.Subject(),
		"time": event.Time().UnixNano(), "dataschema": event.DataSchema(),
		"datacontenttype": event.DataContentType(), "specversion": event.SpecVersion(),
	}
	for name, value := range event.Extensions() {
		if binary {
			value = fmt.Sprint(value)
		}
		all[name] = value
	}
	return all
}

// compare says what is different, a line each.
func compare(test testCase, sent, reply cloudevents.Event, binary bool) (problems []string) {
	want, got := attributes(sent, binary), attributes(reply, binary)
	want["type"] = sent.Type() + ".echo"
	for name, value := range got {
		if _, known := want[name]; !known {
			problems = append(problems, fmt.Sprintf("%s: not sent, got %#v", name, value))
		}
	}
	for name, value := range want {
		if !reflect.DeepEqual(value, got[name]) {
			problems = append(problems, fmt.Sprintf("%s: sent %#v, got %#v", name, value, got[name]))
		}
	}
	same := bytes.Equal(sent.Data(), reply.Data())
	if test.JSON != nil {
		var a, b any
		same = json.Unmarshal(sent.Data(), &a) == nil && json.Unmarshal(reply.Data(), &b) == nil &&
			reflect.DeepEqual(a, b)
	}
	if !same {
		problems = append(problems, fmt.Sprintf("data: sent %q, got %q", sent.Data(), reply.Data()))
	}
	return problems
}

func single(target string, test testCase, structured bool, accept string) []string {
	wire := &encoding{accept: accept}
	client, err := cloudevents.NewClientHTTP(cehttp.WithTarget(target), cehttp.WithRoundTripper(wire))
	if err != nil {
		return []string{err.Error()}
	}
	sent, err := eventOf(test)
	if err != nil {
		return []string{err.Error()}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if structured {
		ctx = cloudevents.WithEncodingStructured(ctx)
	} else {
		ctx = cloudevents.WithEncodingBinary(ctx)
	}
	reply, result := client.Request(ctx, sent)
	if !protocol.IsACK(result) || reply == nil {
		return []string{fmt.Sprintf("no reply: %v", result)}
	}
	if wire.binary != (!structured && accept == "") {
		return []string{"the reply is in the wrong mode: " + wire.replyType}
	}
	if err := reply.Validate(); err != nil {
		return []string{err.Error()}
	}
	return compare(test, sent, *reply, !structured)
}

func batch(target string, tests []testCase) (problems []string) {
	var events []cloudevents.Event
	for _, test := range tests {
		event, err := eventOf(test)
		if err != nil {
			return []string{err.Error()}
		}
		events = append(events, event)
	}
	request, err := cehttp.NewHTTPRequestFromEvents(context.Background(), target, events)
	if err != nil {
		return []string{err.Error()}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return []string{err.Error()}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK || !cehttp.IsHTTPBatch(response.Header) {
		return []string{response.Status + ", " + response.Header.Get("Content-Type")}
	}
	replies, err := cehttp.NewEventsFromHTTPResponse(response)
	if err != nil {
		return []string{err.Error()}
	}
	if len(replies) != len(events) {
		return []string{fmt.Sprintf("%d events, %d replies", len(events), len(replies))}
	}
	for i, reply := range replies {
		problems = append(problems, compare(tests[i], events[i], reply, false)...)
	}
	return problems
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: client URL events.json")
		os.Exit(2)
	}
	text, err := os.ReadFile(os.Args[2])
	var tests []testCase
	if err == nil {
		err = json.Unmarshal(text, &tests)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	total, failed := 0, 0
	record := func(name string, problems []string) {
		total++
		if len(problems) > 0 {
			failed++
			fmt.Printf("FAILED go: %s\n  %s\n", name, strings.Join(problems, "\n  "))
		}
	}
	for _, test := range tests {
		record("binary, "+test.Name, single(os.Args[1], test, false, ""))
		record("structured, "+test.Name, single(os.Args[1], test, true, ""))
		if strings.HasSuffix(fmt.Sprint(test.Attributes["datacontenttype"]), "+json") {
			continue // the SDK reads JSON in structured events only where it is application/json
		}
		record("binary answered structured, "+test.Name,
			single(os.Args[1], test, false, cloudevents.ApplicationCloudEventsJSON))
	}
	record("batched", batch(os.Args[1], tests))
	fmt.Printf("go: %d of %d exchanges passed\n", total-failed, total)
	if failed > 0 {
		os.Exit(1)
	}
}
