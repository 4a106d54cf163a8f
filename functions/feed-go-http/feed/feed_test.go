package feed

import (
	"reflect"
	"strings"
	"testing"
)

func TestReadsAtomAndRSSAsTheSame(t *testing.T) {
	want := Feed{
		Version: version, Title: "Sea & land", HomeURL: "https://example.com/",
		Items: []Item{{ID: "https://example.com/1", URL: "https://example.com/1", Title: "Ferries",
			HTML: "<p>Hello</p>", Published: "2026-11-28T10:00:00Z"}},
	}
	documents := map[string]string{
		"Atom": `<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">
			<title>Sea &amp; land</title><link rel="self" href="https://example.com/feed"/>
			<link href="https://example.com/"/><entry><title>Ferries</title>
			<link rel="alternate" href="https://example.com/1"/><content>&lt;p&gt;Hello&lt;/p&gt;</content>
			<updated>2026-11-28T11:00:00+01:00</updated></entry></feed>`,
		"RSS": `<rss version="2.0"><channel><title>Sea &amp; land</title><link>https://example.com/</link>
			<item><title>Ferries</title><link>https://example.com/1</link>
			<description><![CDATA[<p>Hello</p>]]></description>
			<pubDate>Sat, 28 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>`,
	}
	for name, document := range documents {
		got, err := Read([]byte(document))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
	}
}

func TestLeavesOutWhatIsNoDate(t *testing.T) {
	got, err := Read([]byte(`<rss><channel><item><guid>1</guid><pubDate>soon</pubDate></item></channel></rss>`))
	if err != nil || len(got.Items) != 1 || got.Items[0].Published != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRefuses(t *testing.T) {
	for document, why := range map[string]string{
		"":              "not XML",
		"<feed>":        "not XML",
		"<html></html>": "neither Atom nor RSS, but html",
	} {
		if _, err := Read([]byte(document)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("Read(%q): %v; want %q", document, err, why)
		}
	}
}
