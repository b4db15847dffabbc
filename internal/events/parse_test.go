package events_test

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// received is an event as a browser dispatches it.
type received struct {
	Name, Data, ID string
}

// parseStream interprets a stream as WHATWG HTML, section 9.2.6 says, and counts comments.
func parseStream(stream []byte) (events []received, lastID string, retry time.Duration, comments int) {
	stream = bytes.TrimPrefix(stream, []byte("\uFEFF"))
	text := strings.ToValidUTF8(string(stream), "\uFFFD")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(text, "\n")
	var name, data, id string
	var hasData bool
	// The last element has no line end yet, and an event without an empty line after it is not dispatched.
	for _, line := range lines[:len(lines)-1] {
		if line == "" {
			lastID = id
			if hasData {
				if name == "" {
					name = "message"
				}
				events = append(events, received{Name: name, Data: strings.TrimSuffix(data, "\n"), ID: lastID})
			}
			name, data, hasData = "", "", false
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "":
			comments++
		case "event":
			name = value
		case "data":
			data, hasData = data+value+"\n", true
		case "id":
			if !strings.Contains(value, "\x00") {
				id = value
			}
		case "retry":
			if ms, err := strconv.Atoi(value); err == nil {
				retry = time.Duration(ms) * time.Millisecond
			}
		}
	}
	return events, lastID, retry, comments
}
