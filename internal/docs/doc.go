// Package docs holds the tests that prove the documents: every fenced code block
// of every Markdown file is found, and each is either run, or compared with a
// file that is built and run, or named with what proves it. A block that nothing
// proves fails. It has no code of its own.
//
// The blocks of docs/guide.md are followed as a reader would: Go blocks are
// written into the files that the sentence above them names, console blocks are
// run and what they print is compared. It needs Go and nothing else: commands
// other than go are played (curl by net/http, nginx by net/http/httputil), and
// what go mod tidy would fetch is what this module has required already.
package docs
