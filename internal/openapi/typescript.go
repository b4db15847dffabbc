package openapi

// TypeScript returns type declarations for the document: an interface per component and a
// table of operations.
func TypeScript(d *Document) []byte { return nil }
