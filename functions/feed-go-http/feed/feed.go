// Package feed reads feeds as they are on the web, Atom (RFC 4287) and RSS 2.0, and makes of both the
// same JSON Feed (https://www.jsonfeed.org/version/1.1).
package feed

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"
)

type Feed struct {
	Version string `json:"version"`
	Title   string `json:"title"`
	HomeURL string `json:"home_page_url,omitempty"`
	Items   []Item `json:"items"`
}

type Item struct {
	ID        string `json:"id"`
	URL       string `json:"url,omitempty"`
	Title     string `json:"title,omitempty"`
	HTML      string `json:"content_html,omitempty"`
	Published string `json:"date_published,omitempty"` // RFC 3339; left out where the feed's is none
}

const version = "https://jsonfeed.org/version/1.1"

type link struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type atom struct {
	Title   string `xml:"title"`
	Links   []link `xml:"link"`
	Entries []struct {
		ID        string `xml:"id"`
		Title     string `xml:"title"`
		Links     []link `xml:"link"`
		Summary   string `xml:"summary"`
		Content   string `xml:"content"`
		Published string `xml:"published"`
		Updated   string `xml:"updated"`
	} `xml:"entry"`
}

type rss struct {
	Channel struct {
		Title string `xml:"title"`
		Link  string `xml:"link"`
		Items []struct {
			GUID        string `xml:"guid"`
			Link        string `xml:"link"`
			Title       string `xml:"title"`
			Description string `xml:"description"`
			Published   string `xml:"pubDate"`
		} `xml:"item"`
	} `xml:"channel"`
}

// Read makes a feed of a document; its errors are for whoever sent it.
func Read(document []byte) (Feed, error) {
	var root struct{ XMLName xml.Name }
	if err := xml.Unmarshal(document, &root); err != nil {
		return Feed{}, fmt.Errorf("the body is not XML: %w", err)
	}
	switch root.XMLName.Local {
	case "feed":
		return readAtom(document)
	case "rss":
		return readRSS(document)
	}
	return Feed{}, errors.New("the body is neither Atom nor RSS, but " + root.XMLName.Local)
}

func readAtom(document []byte) (Feed, error) {
	var in atom
	if err := xml.Unmarshal(document, &in); err != nil {
		return Feed{}, fmt.Errorf("the body is not Atom: %w", err)
	}
	out := Feed{Version: version, Title: clean(in.Title), HomeURL: alternate(in.Links), Items: []Item{}}
	for _, entry := range in.Entries {
		out.Items = append(out.Items, Item{
			ID:        first(entry.ID, alternate(entry.Links)),
			URL:       alternate(entry.Links),
			Title:     clean(entry.Title),
			HTML:      first(entry.Content, entry.Summary),
			Published: instant(first(entry.Published, entry.Updated), time.RFC3339),
		})
	}
	return out, nil
}

func readRSS(document []byte) (Feed, error) {
	var in rss
	if err := xml.Unmarshal(document, &in); err != nil {
		return Feed{}, fmt.Errorf("the body is not RSS: %w", err)
	}
	channel := in.Channel
	out := Feed{Version: version, Title: clean(channel.Title), HomeURL: clean(channel.Link), Items: []Item{}}
	for _, item := range channel.Items {
		out.Items = append(out.Items, Item{
			ID:        first(item.GUID, item.Link),
			URL:       clean(item.Link),
			Title:     clean(item.Title),
			HTML:      clean(item.Description),
			Published: instant(item.Published, time.RFC1123Z, time.RFC1123),
		})
	}
	return out, nil
}

// alternate is the link to what the feed or entry is about: one without a rel is one too.
func alternate(links []link) string {
	for _, each := range links {
		if each.Rel == "" || each.Rel == "alternate" {
			return clean(each.Href)
		}
	}
	return ""
}

func clean(text string) string { return strings.TrimSpace(text) }

func first(texts ...string) string {
	for _, text := range texts {
		if text = clean(text); text != "" {
			return text
		}
	}
	return ""
}

func instant(text string, layouts ...string) string {
	for _, layout := range layouts {
		if at, err := time.Parse(layout, clean(text)); err == nil {
			return at.UTC().Format(time.RFC3339)
		}
	}
	return ""
}
