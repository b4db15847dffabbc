package ai

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// sealPrefix begins reasoning of other formats than the one that the client
// speaks. What follows is base64 of a [seal].
const sealPrefix = "ai1."

// ownReasoning is the format whose reasoning goes through as it is.
const ownReasoning = "openai-responses"

// A seal is what the provider has to get back of its reasoning. It is no secret
// from the client, which could have asked the provider itself.
type seal struct {
	Format    string `json:"f"`
	ID        string `json:"i,omitempty"`
	Signature string `json:"s,omitempty"`
	Opaque    string `json:"o,omitempty"`
}

// sealed is the encrypted_content of reasoning; empty where there is nothing that
// would have to be sent back.
func sealed(r *Reasoning) string {
	switch {
	case r.Format == ownReasoning:
		return r.Opaque
	case r.Signature == "" && r.Opaque == "":
		return ""
	}
	b, err := json.Marshal(seal{r.Format, r.ID, r.Signature, r.Opaque})
	if err != nil { // strings can be written
		return ""
	}
	return sealPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// unseal makes reasoning of an item. What does not say which model it is of is of
// use to nobody.
func unseal(in *inputItem) (Reasoning, bool) {
	var text strings.Builder
	for i, s := range in.Summary {
		if i > 0 {
			text.WriteString("\n\n")
		}
		text.WriteString(s.Text)
	}
	if in.EncryptedContent == "" {
		return Reasoning{}, false
	}
	encoded, ours := strings.CutPrefix(in.EncryptedContent, sealPrefix)
	if !ours {
		return Reasoning{Format: ownReasoning, ID: in.ID, Text: text.String(), Opaque: in.EncryptedContent}, true
	}
	var s seal
	b, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || json.Unmarshal(b, &s) != nil {
		return Reasoning{}, false
	}
	return Reasoning{Format: s.Format, ID: s.ID, Text: text.String(), Signature: s.Signature, Opaque: s.Opaque}, true
}

// The signature of a tool call has no field, so the id of the item ends with it:
// clients send items back as they got them.
const signatureMark = "~"

func signatureOfID(id string) string {
	_, signature, _ := strings.Cut(id, signatureMark)
	return signature
}
