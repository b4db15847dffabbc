package bind

import "errors"

// ErrTooLarge is returned by [Encoder.Encode] when the answer is larger than the limit.
var ErrTooLarge = errors.New("answer is larger than the limit")
