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
// Beyond flagd, a flag's metadata may say who answers for it and until when it
// should be there, which flags must serve what before it applies, what changes at
// which dates, and that it is stopped: see [Extensions]. flagd ignores these
// keys, so that a document is as good there as here.
//
// [NewProvider] answers OpenFeature clients from a [Flags], [FromOpenFeature]
// makes a [Flags] of any other provider, and [NewOFREP] answers other services by
// the OpenFeature Remote Evaluation Protocol.
package featureflag
