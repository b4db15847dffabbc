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
package featureflag
