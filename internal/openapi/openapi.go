// Package openapi makes an OpenAPI 3.1 document, JSON Schemas for forms, and TypeScript types
// from the Go types of typed endpoints.
package openapi

import (
	"reflect"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
)

// Info describes the API as a whole.
type Info struct {
	Title, Version, Description string
	// Server is the base URL of the paths, such as "/admin". Empty: "/".
	Server string
	// AccessCookie is the name of the cookie that carries the access token. Empty: no cookie scheme.
	AccessCookie string
	// APIKeyHeader is the name of the header that carries an API key. Empty: no API keys.
	APIKeyHeader string
	// Tags describes the groups of operations. Tags that operations use but that are missing
	// here are added without description.
	Tags []Tag
}

// Tag is a group of operations: a module, or a part of the root.
type Tag struct{ Name, Description string }

// Operation is one endpoint.
type Operation struct {
	// Method is an HTTP method, upper case.
	Method string
	// Path is a ServeMux path below the server's base: "/api/v1/m/billing/invoices/{id}".
	Path string
	// ID is the operationId. Empty: made of method and path.
	ID string
	// Summary is a short, Description a long text (CommonMark).
	Summary, Description string
	// Tags groups the operation. A module's id, as a rule.
	Tags []string
	// In is the input struct as internal/bind reads it; nil takes nothing.
	In reflect.Type
	// Out is the answer's type; nil answers without a body.
	Out reflect.Type
	// Status is the status of success. Zero: 200, or 204 when Out is nil.
	Status int
	// Also lists further answers of success, such as 200 beside 202.
	Also []Answer
	// Headers lists headers of the answer of success.
	Headers []Header
	// Public says that no credentials are needed.
	Public bool
	// Permission is the full name of the permission that is required; empty needs only a caller.
	Permission string
	// Errors lists statuses of problems beyond those every operation of its kind can answer.
	Errors []int
	// Stream says that the answer is text/event-stream, with Out as the type of each event's data.
	Stream bool
	// ContentType is the answer's media type when it is neither JSON nor a stream.
	ContentType string
	// Deprecated marks the operation.
	Deprecated bool
	// DeprecatedSince and Sunset are when it became deprecated and when it may stop to answer
	// (RFC 9745, RFC 8594). Zero: not said.
	DeprecatedSince, Sunset time.Time
	// Idempotent says that the operation honors the header Idempotency-Key.
	Idempotent bool
}

// Answer is one more answer of an operation.
type Answer struct {
	Status      int
	Out         reflect.Type
	Description string
}

// Header is a header of an answer. Its value is a string.
type Header struct{ Name, Description string }

// Secret marks types whose values are never returned: on the wire they are strings, their schema
// is write-only and they have no default. The method is asked on a zero value.
type Secret interface{ IsSecret() bool }

// Schemaer is implemented by types that know their own schema, such as those with a
// MarshalJSON of their own. The method is asked on a zero value.
type Schemaer interface{ JSONSchema() *jsonschema.Schema }
