package featureflag

import (
	"context"
	"sync"

	"github.com/open-feature/go-sdk/openfeature"
)

// transactionKey is the key under which OpenFeature looks for the transaction
// context: nil if it no longer looks in the context it is given.
var transactionKey = findTransactionKey()

// keyFinder is a context that notes what it is asked for.
type keyFinder struct {
	context.Context //nolint:containedctx // it is one
	key             any
}

// Value implements [context.Context].
func (f *keyFinder) Value(key any) any {
	f.key = key
	return nil
}

// OpenFeature keeps its key to itself, and to store its context would cost every
// request a copy of the attributes. So we ask it what it asks for, and answer when
// it does.
func findTransactionKey() any {
	finder := &keyFinder{Context: context.Background()}
	openfeature.TransactionContext(finder)
	return finder.key
}

// TransactionKey returns the key under which OpenFeature looks for the evaluation
// context of a transaction. A context of a host's own that answers for
// [ContextKey] answers for it with [OpenFeatureContext] of the same, so that an
// OpenFeature client evaluates for who the request is from. What [WithContext]
// makes does.
func TransactionKey() any { return transactionKey }

// OpenFeatureContext is a context in OpenFeature's form. Attributes are copied.
func OpenFeatureContext(c *Context) openfeature.EvaluationContext {
	if c == nil {
		return openfeature.EvaluationContext{}
	}
	return openfeature.NewEvaluationContext(c.TargetingKey, c.Attributes)
}

// carrier is a context.Context that knows who is asking, also when OpenFeature
// wants to know.
type carrier struct {
	context.Context //nolint:containedctx // it is one
	scope           scope

	transaction sync.Once
	openFeature openfeature.EvaluationContext
}

// Value implements [context.Context].
func (c *carrier) Value(key any) any {
	switch key {
	case contextKey{}:
		return &c.scope
	case transactionKey:
		if c.scope.own == nil || key == nil {
			break
		}
		c.transaction.Do(func() {
			ours := OpenFeatureContext(c.scope.FlagContext())
			// What OpenFeature itself was told further out stays below.
			c.openFeature = openfeature.TransactionContext(openfeature.MergeTransactionContext(c.Context, ours))
		})
		return c.openFeature
	}
	return c.Context.Value(key)
}
