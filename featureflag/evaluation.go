package featureflag

// A Context names the caller that a flag is evaluated for.
type Context struct {
	// TargetingKey names the subject of the evaluation, such as a user's id:
	// what percentages are taken of. Empty when there is none; then an attribute
	// "targetingKey" takes its place.
	TargetingKey string
	// Attributes are what rules may ask about, JSON-like: strings, booleans,
	// numbers, lists and maps with string keys. Anything else counts as what
	// encoding/json makes of it. They are read while flags are evaluated.
	Attributes map[string]any
}

// Reason says why a flag has its value, as OpenFeature names it.
type Reason string

// The reasons of OpenFeature.
const (
	ReasonStatic         Reason = "STATIC"          // there is nothing but the default variant
	ReasonDefault        Reason = "DEFAULT"         // no rule applied: the default variant, or the code default
	ReasonTargetingMatch Reason = "TARGETING_MATCH" // a rule chose the variant
	ReasonSplit          Reason = "SPLIT"           // a rollout's share chose the variant
	ReasonCached         Reason = "CACHED"          // another provider answered from its cache
	ReasonDisabled       Reason = "DISABLED"        // the flag is disabled: the code default
	ReasonUnknown        Reason = "UNKNOWN"         // another provider did not say
	ReasonStale          Reason = "STALE"           // another provider may be out of date
	ReasonError          Reason = "ERROR"           // it could not be evaluated: the code default
)

// ErrorCode says what kept a flag from being evaluated, as OpenFeature names
// it. It is empty when nothing did.
type ErrorCode string

// The error codes of OpenFeature.
const (
	CodeFlagNotFound        ErrorCode = "FLAG_NOT_FOUND"
	CodeParse               ErrorCode = "PARSE_ERROR"
	CodeTypeMismatch        ErrorCode = "TYPE_MISMATCH"
	CodeGeneral             ErrorCode = "GENERAL"
	CodeInvalidContext      ErrorCode = "INVALID_CONTEXT"
	CodeTargetingKeyMissing ErrorCode = "TARGETING_KEY_MISSING"
	CodeProviderNotReady    ErrorCode = "PROVIDER_NOT_READY"
	CodeProviderFatal       ErrorCode = "PROVIDER_FATAL"
)

// Metadata is what is noted about a flag or a set of flags: strings, booleans
// and numbers (float64). What this package hands out is shared: read only.
type Metadata map[string]any

// An Evaluation is a flag's answer.
type Evaluation struct {
	Key string
	// Variant names the variant served, "" when the code default applies.
	Variant string
	// Value is none when the code default applies: the flag is unknown,
	// disabled, failed, or has no default variant.
	Value  Value
	Reason Reason
	// Code and Detail say what went wrong, "" when nothing did.
	Code   ErrorCode
	Detail string
	// Metadata is the set's with the flag's over it, shared: read only.
	Metadata Metadata
}
