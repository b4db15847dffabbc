package dashboard

import (
	"net/http"
	"strings"

	"github.com/modular-dashboard/dashboard/auth"
)

// The dashboard's own permissions; in roles they begin with "dashboard.".
var (
	permModulesRead    = NewPermission("modules.read", "See modules and their state")
	permModulesManage  = NewPermission("modules.manage", "Install, enable, disable and remove modules")
	permSettingsRead   = NewPermission("settings.read", "See the settings of modules")
	permSettingsManage = NewPermission("settings.manage", "Change the settings of modules")
	permUsersRead      = NewPermission("users.read", "See accounts and roles")
	permUsersManage    = NewPermission("users.manage", "Create and change accounts and roles")
	permAuditRead      = NewPermission("audit.read", "Read the audit log")
	permAPIRead        = NewPermission("api.read", "Read the API documentation")
	permSystemRead     = NewPermission("system.read", "See the system: version, instances, jobs and logs")
	permSystemManage   = NewPermission("system.manage", "Run jobs by hand")
	permLimitsRead     = NewPermission("limits.read", "See rate limits and who is refused")
	permLimitsManage   = NewPermission("limits.manage", "Change rate limits")
	permFlagsRead      = NewPermission("flags.read", "See feature flags and their history")
	permFlagsManage    = NewPermission("flags.manage", "Change feature flags")
	permFlagsEvaluate  = NewPermission("flags.evaluate", "Ask for the values of feature flags at /ofrep/v1")
	permAIUse          = NewPermission("ai.use", "Ask models")
	permAIRead         = NewPermission("ai.read", "See what models are asked, used and rated by anybody")
	permAIManage       = NewPermission("ai.manage", "Change prompts and budgets of models, and export what people say of answers")
)

func corePermissions() []Permission {
	return []Permission{permModulesRead, permModulesManage, permSettingsRead, permSettingsManage,
		permUsersRead, permUsersManage, permAuditRead, permAPIRead, permSystemRead, permSystemManage, permLimitsRead, permLimitsManage,
		permFlagsRead, permFlagsManage, permFlagsEvaluate, permAIUse, permAIRead, permAIManage}
}

// adopt takes the modules in: it checks manifests, provisions, and tries the
// routes once.
func (d *Dashboard) adopt(modules []Module) error {
	names := make([]string, 0, 16)
	for _, p := range corePermissions() {
		names = append(names, coreModule+"."+p.name)
	}
	if err := d.auth.RegisterPermissions(names...); err != nil {
		return err
	}
	for _, m := range modules {
		if err := d.adoptOne(m); err != nil {
			return err
		}
	}
	return nil
}

// composeCore registers the dashboard's own endpoints, with the same machinery
// as a module's.
func (d *Dashboard) composeCore() error {
	r := newRouter(coreModule, corePermissions(), d.binder, sizes{d.config.bodyLimit, d.config.answerLimit}, d.auth.Permission)
	r.home = d
	d.routeAccounts(r)
	d.routeUsers(r)
	d.routePasswords(r)
	d.routeModules(r)
	d.routeSettings(r)
	d.routePanels(r)
	d.routeLayouts(r)
	d.routeSystem(r)
	d.routeLogs(r)
	d.routeEvents(r)
	d.routeAPIKeys(r)
	d.routeAudit(r)
	d.routeJobs(r)
	d.routeLimits(r)
	d.routeFlags(r)
	d.routeSegments(r)
	d.routeModels(r)
	d.routeBudgets(r)
	d.routeDocuments(r)
	d.routeResources(r)
	if err := r.err(); err != nil {
		return err
	}
	if err := d.declareLimits(r); err != nil {
		return err
	}
	d.coreAPI, d.catalog = r.endpoints, r.resources
	d.core = http.NewServeMux()
	if err := d.checkLimits(); err != nil {
		return err
	}
	_, err := d.mount(d.core, r.endpoints, nil)
	return err
}

// permissionTitles maps the full names of all permissions to their titles.
func (d *Dashboard) permissionTitles() []permissionInfo {
	var out []permissionInfo
	for _, p := range corePermissions() {
		out = append(out, permissionInfo{ID: coreModule + "." + p.name, Title: p.title, Module: coreModule})
	}
	for _, m := range d.order {
		out = append(out, m.permissionInfos()...)
	}
	return out
}

type permissionInfo struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Module string `json:"module"`
}

func (m *hosted) permissionInfos() []permissionInfo {
	out := make([]permissionInfo, 0, len(m.manifest.Permissions))
	for _, p := range m.manifest.Permissions {
		out = append(out, permissionInfo{ID: m.id + "." + p.name, Title: p.title, Module: m.id})
	}
	return out
}

// client is who asks, for sessions and the audit log.
func client(s *request) auth.Client {
	return auth.Client{Address: s.address(), UserAgent: truncate(s.r.UserAgent(), 300)}
}

func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
