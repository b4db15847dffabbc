package dashboard

import (
	"context"
)

type panelInfo struct {
	Module         string    `json:"module"`
	ID             string    `json:"id"`
	Title          string    `json:"title"`
	Kind           panelKind `json:"kind"`
	RefreshSeconds int       `json:"refresh_seconds"`
	Width          int       `json:"width"`
	Unit           string    `json:"unit,omitempty"`
	About          string    `json:"about,omitempty"`
	Ranges         []string  `json:"ranges" doc:"Ranges of time that the query parameter range may ask for; without it the panel is live."`
}

type moduleNav struct {
	ID          string      `json:"id"`
	Title       string      `json:"title"`
	Description string      `json:"description,omitempty"`
	Script      string      `json:"script,omitempty" doc:"The module's own page, relative to the base."`
	Panels      []panelInfo `json:"panels"`
	Settings    bool        `json:"settings" doc:"Whether the caller may see settings of the module."`
}

func (d *Dashboard) routePanels(r *Router) {
	Get(r, "/panels", d.panels, Authenticated(), ID("panels"), Summary("The panels the caller may see"))
}

func (d *Dashboard) panels(ctx context.Context, _ empty) (Page[panelInfo], error) {
	out := Page[panelInfo]{}
	for _, m := range d.order {
		out.Items = append(out.Items, d.panelsOf(ctx, m)...)
	}
	return out, nil
}

// panelsOf lists the panels of a module that are on here and the caller may see.
func (d *Dashboard) panelsOf(ctx context.Context, m *hosted) []panelInfo {
	s := m.live()
	if s == nil || !d.here(ctx, m) {
		return nil
	}
	var out []panelInfo
	for _, p := range s.panels {
		if !d.mayRead(ctx, m, p.access) || !d.allOn(ctx, p.config.flags) {
			continue
		}
		out = append(out, panelInfo{Module: m.id, ID: p.id, Title: p.title, Kind: p.kind, Width: p.config.width,
			Unit: p.config.unit, About: p.config.about, RefreshSeconds: int(p.config.refresh.Seconds()), Ranges: rangeNames(p.config.ranges)})
	}
	return out
}

func (d *Dashboard) mayRead(ctx context.Context, m *hosted, a access) bool {
	p := stateOf(ctx).principal
	return a.kind != accessPermission || p.Can(d.auth.Permission(m.id+"."+a.permission.name))
}

func (d *Dashboard) myModules(ctx context.Context, _ empty) (Page[moduleNav], error) {
	p := stateOf(ctx).principal
	settings := p.Can(d.auth.Permission(coreModule + "." + permSettingsRead.name))
	out := Page[moduleNav]{}
	for _, m := range d.order {
		panels := d.panelsOf(ctx, m)
		if m.live() == nil || !d.here(ctx, m) || (len(panels) == 0 && !m.visible(p)) {
			continue
		}
		nav := moduleNav{ID: m.id, Title: m.title(), Description: m.manifest.Description, Panels: panels,
			Settings: settings && m.settings != nil}
		if m.assets != nil && m.visible(p) {
			nav.Script = m.assets.script(m.id)
		}
		out.Items = append(out.Items, nav)
	}
	return out, nil
}
