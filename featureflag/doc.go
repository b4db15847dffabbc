// Package featureflag decides which variant of a feature each caller gets, in
// nanoseconds and inside the process.
//
// Definitions are flagd's JSON format, so that nobody is locked in: [Parse]
// validates and compiles them into an immutable [Set], [Flags] hold the set in
// use, and [Open] follows a file:
//
//	file, err := featureflag.Open("flags.json")
//	ctx = featureflag.WithFlags(ctx, file.Flags())
//	ctx = featureflag.WithContext(ctx, featureflag.Context{TargetingKey: user.ID})
//	if featureflag.Bool(ctx, "new-checkout", false) {
//		// the new one
//	}
//
// # Rules
//
// Targeting is JsonLogic with flagd's operators, and comes to what flagd comes
// to: var, missing, missing_some, if, ==, ===, !=, !==, !, !!, or, and, <, <=, >,
// >=, max, min, +, -, *, /, %, abs, map, reduce, filter, all, none, some, merge,
// in, cat, substr, contains_all, contains_any, contains_none, set, log,
// fractional, sem_ver, starts_with and ends_with; $ref to what "$evaluators"
// share; $flagd.flagKey, $flagd.timestamp and targetingKey. A rule names a
// variant; true and false name the variants "true" and "false"; null leaves it
// to the default variant.
//
// "fractional" buckets by MurmurHash3 (x86, 32 bits, seed 0) of the value that
// stands first in it, or of flag key and targeting key: (hash × total) >> 32.
//
// Three things differ from flagd's interpreter, all of them where it fails:
// what a caller's attributes hold is never run as a rule, the condition of all
// may be a plain variable, and "log" gives what it is given.
//
// # Limits
//
// A document has at most 64 MiB, nests 100 deep and holds 100,000 flags, each
// with up to 10,000 operators and values after its references are followed.
// Anything larger is an error of [Parse]. While a rule runs it has 100,000
// steps: loops take as many as their body has operators, for each element. When
// they are used up, the flag answers GENERAL and the code default applies.
//
// # Beyond flagd
//
// A flag's metadata may name its owner, the date by which it should be gone, flags
// that it depends on, changes at given dates, and whether it is killed: see
// [Extensions]. flagd ignores these keys, so a document works there as it does here.
//
// [NewProvider] answers OpenFeature clients from a [Flags], [FromOpenFeature]
// makes a [Flags] of any other provider, and [NewOFREP] answers other services by
// the OpenFeature Remote Evaluation Protocol.
package featureflag
