package aitest

import (
	"github.com/modular-dashboard/dashboard/ai"
)

// A Fault is a way in which a provider fails, or behaves in a way that clients
// fail at.
type Fault string

// Answers with a status that is not 200.
const (
	RateLimited      Fault = "429 with Retry-After"
	RateLimitedBare  Fault = "429 without Retry-After"
	QuotaUsedUp      Fault = "429 of a quota"
	BadRequest       Fault = "400"
	Unauthorized     Fault = "401"
	Forbidden        Fault = "403"
	ModelUnknown     Fault = "404"
	RequestTooLarge  Fault = "413"
	ContextTooLong   Fault = "400 of a context that is too long"
	ServerError      Fault = "500"
	BadGateway       Fault = "502 with a page of HTML"
	Unavailable      Fault = "503"
	GatewayTimeout   Fault = "504"
	ProviderOverload Fault = "529"
	Redirect         Fault = "307 to elsewhere"
)

// Connections that break, and bodies that are not what they should be.
const (
	ResetBefore     Fault = "reset before the answer"
	ResetMidway     Fault = "reset in mid-answer"
	CleanCut        Fault = "clean end in mid-answer"
	NoTerminator    Fault = "finished, without the terminator"
	EmptyBody       Fault = "200 with an empty body"
	PageInstead     Fault = "200 with a page of HTML"
	ErrorInstead    Fault = "200 with an error object"
	ErrorBefore     Fault = "error before the content"
	ErrorMidway     Fault = "error after some content"
	MalformedFrame  Fault = "malformed JSON in mid-answer"
	WrongType       Fault = "right body of a wrong type"
	HugeBody        Fault = "body that never ends"
	SlowFirstByte   Fault = "slow first byte"
	Stall           Fault = "silence in mid-answer"
	BrokenArguments Fault = "tool arguments that are not JSON"
)

// What is allowed, if unusual.
const (
	None          Fault = ""
	SlowDrip      Fault = "a few bytes at a time"
	LongLine      Fault = "line of 1 MiB"
	CRLF          Fault = "lines that end in CR LF"
	CR            Fault = "lines that end in CR"
	BOM           Fault = "byte order mark"
	Comments      Fault = "comments between the events"
	UnknownEvents Fault = "events and fields of a future version"
	SplitUTF8     Fault = "characters split over packets"
	NoContent     Fault = "no content at all"
	NoUsage       Fault = "no usage"
	Gzip          Fault = "gzip"
	Refusal       Fault = "refusal"
)

// Faults returns all of them but [None].
func Faults() []Fault {
	return []Fault{RateLimited, RateLimitedBare, QuotaUsedUp, BadRequest, Unauthorized, Forbidden, ModelUnknown, RequestTooLarge, ContextTooLong,
		ServerError, BadGateway, Unavailable, GatewayTimeout, ProviderOverload, Redirect, ResetBefore, ResetMidway, CleanCut, NoTerminator,
		EmptyBody, PageInstead, ErrorInstead, ErrorBefore, ErrorMidway, MalformedFrame, WrongType, HugeBody, SlowFirstByte, Stall, BrokenArguments,
		SlowDrip, LongLine, CRLF, CR, BOM, Comments, UnknownEvents, SplitUTF8, NoContent, NoUsage, Gzip, Refusal}
}

// An Outcome is what becomes of a fault.
type Outcome struct {
	OK      bool         // an answer
	Kind    ai.ErrorKind // of the error
	Partial bool         // there was content before the error
}

var statuses = map[Fault]ai.ErrorKind{
	RateLimited: ai.RateLimited, RateLimitedBare: ai.RateLimited, QuotaUsedUp: ai.Quota, BadRequest: ai.Invalid, Unauthorized: ai.Unauthorized,
	Forbidden: ai.Unauthorized, ModelUnknown: ai.NotFound, RequestTooLarge: ai.TooLarge, ContextTooLong: ai.TooLarge, ServerError: ai.Server,
	BadGateway: ai.Server, Unavailable: ai.Overloaded, GatewayTimeout: ai.Timeout, ProviderOverload: ai.Overloaded, Redirect: ai.Server,
	ResetBefore: ai.Network,
}

// Outcome returns what package ai's adapter of a format makes of the fault when
// it asks for a stream or for the answer in one piece. [SlowFirstByte] and
// [Stall] last until the client gives up, which [ai.WithTimeouts] sees to.
func (f Fault) Outcome(format Format, whole bool) Outcome {
	if kind, ok := statuses[f]; ok {
		return Outcome{Kind: kind}
	}
	switch f {
	case CleanCut, ResetMidway:
		return Outcome{Kind: ai.Truncated, Partial: !whole}
	case EmptyBody:
		return Outcome{Kind: ai.Truncated}
	case ErrorInstead, ErrorBefore:
		return Outcome{Kind: ai.Server}
	case ErrorMidway:
		return Outcome{Kind: ai.Server, Partial: !whole}
	case MalformedFrame:
		return Outcome{Kind: ai.Malformed, Partial: !whole}
	case PageInstead:
		return Outcome{Kind: ai.Malformed}
	case WrongType:
		if format.framed(whole) {
			return Outcome{Kind: ai.Malformed}
		}
	case HugeBody:
		return Outcome{Kind: ai.Malformed, Partial: !whole}
	case SlowFirstByte:
		return Outcome{Kind: ai.Timeout}
	case Stall:
		return Outcome{Kind: ai.Timeout, Partial: !whole}
	case NoTerminator:
		if format == OpenAIResponses && !whole {
			return Outcome{Kind: ai.Truncated, Partial: true}
		}
	}
	return Outcome{OK: true}
}
