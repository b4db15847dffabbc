package gemini

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

type modelList struct {
	Models *[]struct {
		Name    string   `json:"name"`
		Methods []string `json:"supportedGenerationMethods"`
	} `json:"models"`
	NextPageToken string `json:"nextPageToken"`
}

// Models implements [ai.Lister]: of the models those that generate content.
func (m *Model) Models(ctx context.Context) ([]ai.ModelInfo, error) {
	const query = "pageSize=1000"
	return wire.List(ctx, m.endpoint, "models", query, func(in *modelList) (p wire.Page) {
		if in.Models == nil {
			return p
		}
		p.Known = true
		for _, m := range *in.Models {
			if slices.Contains(m.Methods, "generateContent") {
				p.Models = append(p.Models, ai.ModelInfo{Name: strings.TrimPrefix(m.Name, "models/")})
			}
		}
		if in.NextPageToken != "" {
			p.Next = query + "&pageToken=" + url.QueryEscape(in.NextPageToken)
		}
		return p
	})
}

var _ ai.Lister = (*Model)(nil)
