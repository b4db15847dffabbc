// Package resource is what a resource of the dashboard is made of, apart from
// HTTP: which fields a Go type has and what may be done with each ([Describe]),
// the types of what is sent to create and change one, its rows as CSV, lists in
// memory, and SQL tables with an index for every declared order ([Table]).
//
// A field is described by the struct tags json, validate, title and doc, as for
// every endpoint, and by the tag resource, a list of words:
//
//	key         the id; one string field has it
//	label       what people call the item by; default: the key
//	sort        lists can be ordered by it; sort=default and sort=-default
//	            also make it the order of lists that ask for none
//	filter      lists can be filtered by it
//	search      a search finds items where it begins with the text
//	unique      no two items have the same
//	exact       upper and lower case are told apart
//	readonly    nobody but the server sets it
//	createonly  it is set when the item is made, and not changed after
//	created     the time when the item was made
//	updated     the time of the last change
//	version     a number that each change raises; it makes the ETag
//	detail      left out of the columns that a list shows at first
//	unit=u      the unit of a number: percent, bytes, seconds, …
//	column=c    the name of its SQL column; default: its name in JSON
//	since=n     the migration that adds its column; default: 1
//	index=n     the migration that adds its indexes; default: since
package resource
