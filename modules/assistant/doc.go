// Package assistant is a dashboard module with which people talk to a model that can
// use the dashboard for them:
//
//	d, err := dashboard.New(store, dashboard.WithModels(models), dashboard.WithModules(assistant.New()))
//
// Its tools are the endpoints of the modules that are enabled, and what the dashboard
// itself tells, as far as the person who asks may call them: [dashboard.Host.Endpoints]
// lists them and [dashboard.Host.Call] calls them, with that person's rights, limits
// and entries in the audit log, and never over the network. What only reads (GET) is
// called at once. Before any other call the answer stops: the person sees the endpoint
// and the exact arguments, and says yes or no. A yes counts once, for ten minutes, for
// this person, this conversation and these arguments. Neither a model nor a program
// with an API key of the person can say it.
//
// # What is kept
//
// A conversation belongs to one person: nobody else can list, read, change or delete
// it, administrators of the dashboard included. Its text, with the results of calls, is
// stored because it is that person's conversation, and for nothing else; it is
// deleted with the conversation, when nobody has written for as long as the settings
// say, within an hour after the person's account is, and when the module is purged.
// Whoever can read the database can read it. With the setting "keep" off no text
// reaches the database: a conversation lives in the dashboard's cache for an hour after
// its last message, and meanwhile a row without text says whose it is. Answers never go
// through the dashboard's cache of models.
//
// # Long conversations
//
// A model reads only so many tokens at once, and each message is paid for again with
// every one after it. So the settings bound the tokens of a request, by an estimate: of
// a longer conversation the model gets the later part, and a note that something is
// left out. The person still sees all of it.
//
// # What is not defended against
//
// Whatever a model reads can try to talk it into something: the text of a ticket, a
// name, a log line. Results of calls are handed to it as data and its tools are a
// fixed list, but a model may still believe what it reads. So it can be made to answer
// wrongly, to read other things that the person may read and show them to that
// person, and to propose a call that writes; it cannot make one without a yes. Read
// the arguments before you say yes. All that the person may read can be sent to the
// provider of the model when a call returns it: offer fewer modules, or none, where
// that must not be. Endpoints that write on GET are called without a question, which is
// a mistake of their module. What an answer says is shown as text with few marks;
// pictures are not loaded and links are followed only when they are clicked, so an
// answer alone sends nothing anywhere.
package assistant
