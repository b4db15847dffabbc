// Package ai calls models of many providers through one streaming primitive.
//
// A [Model] answers a [Request] with a sequence of events:
//
//	model, err := openai.New(key, ai.Endpoint{})
//	req := &ai.Request{Model: "gpt-5", Messages: []ai.Message{ai.User("Why is the sky blue?")}}
//	for event, err := range model.Generate(ctx, req) {
//		if err != nil {
//			return err
//		}
//		if event.Kind == ai.EventText { // reasoning and arguments of tools have text, too
//			fmt.Print(event.Text)
//		}
//	}
//
// [Collect] returns the whole answer; where there is an error, what came before it
// too. A provider, what decorates it and what chooses among several are all Models,
// so a decorator works for streams as for whole answers:
//
//	model = ai.Decorate(model, ai.WithRetry(ai.Retry{}), ai.WithTimeouts(ai.Timeouts{First: 20 * time.Second}))
//
// # A stream is whole or it is an error
//
// A sequence has exactly one [EventEnd] or one error, and it is the last. What
// breaks off before the provider said why it stopped is an [Error] of kind
// [Truncated], never an answer: an HTML page, an error object in a 200, a cut
// connection. An [Error] says whether the same request may succeed here later
// ([Error.Again]) and whether it may succeed with another model or key
// ([Error.Elsewhere]).
//
// # Caches
//
// A [Cache] gives back what was answered before, to the same tenant only, and lets
// requests that are the same and under way at once share one call. With
// [Semantic] it answers requests that mean the same, too. An [Embedder] makes the
// vectors for that, and takes the decorators of models.
//
// # What a provider cannot do
//
// What a provider cannot do is an error of kind [Unsupported] that says so;
// nothing of a request is dropped silently.
//
// # When providers fail
//
// Until the first piece of content nothing is promised to the caller: [WithRetry],
// [Fallback], [Balance], [Hedge] and the keys of [Health.Keys] try again and
// elsewhere before anybody sees it. Afterwards the caller has the pieces and the
// error, unless [Continue] goes on elsewhere. [Health] leaves alone what fails too
// often. From the outside in: WithRetry, what chooses among routes, and for each
// route Health, [WithTimeouts] and the adapter.
//
// # Many providers
//
// A [Directory] is the models of several providers by name, such as
// "anthropic/claude-sonnet-4-5", and aliases that lead to some of them, the next
// where one fails. A [Gateway] serves any model to clients that speak OpenAI's
// format. What is put around a Directory goes, from the outside in: WithRecord,
// WithPrices, WithGuards, WithAccess, WithTokenRate, WithBudgets, the Cache.
//
// # Who may, and what it costs
//
// [WithRecord] says what became of each request, with its cost by [Prices]
// ([WithPrices]). [WithBudgets] and [WithTokenRate] set aside what a request may
// use before it is sent, and settle what it did use however it ended. [WithAccess]
// holds roles to models. [WithGuards] sees requests before and answers after;
// [Redact] is one that takes secrets and personal data out of both. No content is
// logged, unless [WithContentLog] is there.
//
// Adapters are in packages openai, anthropic, gemini and ollama; package aitest
// has a server that speaks their formats and fails as providers do.
package ai
