package dashboard

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/aigovern"
	"github.com/modular-dashboard/dashboard/internal/etag"
	"github.com/modular-dashboard/dashboard/storage"
)

func (d *Dashboard) routeBudgets(r *Router) {
	read, manage := Require(permAIRead), Require(permAIManage)
	const condition = "With If-Match, or If-None-Match: * for a new one, it is refused where something else is there by now."
	Get(r, "/ai/budgets", d.listBudgets, read, ID("ai-budgets"), Summary("The budgets of models, and what is used of them"))
	Get(r, "/ai/budgets/{name}", d.budget, read, ID("ai-budget"), Summary("One budget of models"), Answers(404))
	Put(r, "/ai/budgets/{name}", d.putBudget, manage, ID("put-ai-budget"), Summary("Make or change a budget of models"), Also(http.StatusCreated), Answers(409, 412),
		Description(condition+" It is in force on every instance within a second; what was used in the period stays used."))
	Delete(r, "/ai/budgets/{name}", d.deleteBudget, manage, ID("delete-ai-budget"), Summary("Take a budget of models away"), Answers(404, 412))
	Get(r, "/ai/access", d.listAccess, read, ID("ai-access-rules"), Summary("The models that roles may ask for"),
		Description("Callers may ask for what any of their roles allows; those none of whose roles is here, for what the role * allows, or for everything where that is not here either. An API key has the roles of its owner."))
	Get(r, "/ai/access/{role}", d.access, read, ID("ai-access-rule"), Summary("The models that one role may ask for"), Answers(404))
	Put(r, "/ai/access/{role}", d.putAccess, manage, ID("put-ai-access"), Summary("Say which models a role may ask for"), Also(http.StatusCreated), Answers(409, 412),
		Description(condition+" It is in force on every instance within a second."))
	Delete(r, "/ai/access/{role}", d.deleteAccess, manage, ID("delete-ai-access"), Summary("Let a role ask for any model, as far as its others do"), Answers(404, 412))
}

type amountInfo struct {
	Tokens int64 `json:"tokens"`
	Micros int64 `json:"micros" doc:"Millionths of a unit of the currency."`
}

type subjectUsed struct {
	Subject string `json:"subject"`
	amountInfo
}

type budgetInfo struct {
	Name     string        `json:"name"`
	Scope    ai.Scope      `json:"scope" validate:"oneof=all user role module key"`
	Subject  string        `json:"subject,omitempty" doc:"An id; *: each of the scope has an amount of its own."`
	Period   ai.Period     `json:"period" validate:"oneof=day month" doc:"In UTC."`
	Tokens   int64         `json:"tokens,omitempty" doc:"Of requests and answers together; absent: any number."`
	Micros   int64         `json:"micros,omitempty" doc:"Millionths of a unit of the currency; absent: any."`
	Currency string        `json:"currency,omitempty"`
	Models   []string      `json:"models" doc:"Names and patterns such as openai/*, and with them the aliases that can lead there; none: all models."`
	Used     amountInfo    `json:"used" doc:"In this period, by all instances, up to half a second ago."`
	By       []subjectUsed `json:"by" doc:"Who used most, at most 20, where each of the scope has an amount of its own."`
	From     time.Time     `json:"from"`
	Until    time.Time     `json:"until"`
	Version  int64         `json:"version"`
	created  bool
}

// ETag is the version of the budget that a change would replace.
func (b budgetInfo) ETag() string { return generationTag(b.Version) }

// StatusCode is 201 for a new budget.
func (b budgetInfo) StatusCode() int { return statusOfPut(b.created) }

func statusOfPut(created bool) int {
	if created {
		return http.StatusCreated
	}
	return http.StatusOK
}

// shownSubjects is how many of those who used most are in an answer.
const shownSubjects = 20

func (d *Dashboard) budgetInfoOf(ctx context.Context, b aigovern.Budget) (budgetInfo, error) {
	now := time.Now()
	out := budgetInfo{Name: b.Name, Scope: b.Scope, Subject: b.Subject, Period: b.Period, Tokens: b.Tokens, Micros: b.Micros,
		Currency: b.Currency, Models: orEmpty(b.Models), By: []subjectUsed{}, Version: b.Version}
	out.From, out.Until = b.Period.Bounds(now)
	used, by, err := d.models.rules.Ledger().Used(ctx, &b.Allowance, now, shownSubjects)
	out.Used = amountInfo(used)
	if b.Subject == ai.Everyone {
		for _, u := range by {
			out.By = append(out.By, subjectUsed{u.Subject, amountInfo(u.Amount)})
		}
	}
	return out, err
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func (d *Dashboard) listBudgets(ctx context.Context, _ empty) (Page[budgetInfo], error) {
	out := Page[budgetInfo]{}
	for _, b := range d.models.rules.ListBudgets() {
		one, err := d.budgetInfoOf(ctx, b)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, one)
	}
	return out, nil
}

type budgetNameIn struct {
	Name string `path:"name" validate:"required,max=64"`
}

func (d *Dashboard) budget(ctx context.Context, in budgetNameIn) (budgetInfo, error) {
	b, err := d.models.rules.FindBudget(in.Name)
	if err != nil {
		return budgetInfo{}, ruleError(err)
	}
	return d.budgetInfoOf(ctx, b)
}

type ruleConditionIn struct {
	IfMatch     etag.Condition `header:"If-Match"`
	IfNoneMatch etag.Condition `header:"If-None-Match"`
}

type putBudgetIn struct {
	budgetNameIn
	ruleConditionIn
	Scope    ai.Scope  `json:"scope" validate:"required,oneof=all user role module key"`
	Subject  string    `json:"subject" validate:"max=200" doc:"The id of an account (or its e-mail address, with dashboard.users.read), a role, a module or an API key; *: each has an amount of its own; with the scope all, nothing."`
	Period   ai.Period `json:"period" validate:"required,oneof=day month"`
	Tokens   int64     `json:"tokens" validate:"min=0" doc:"Of requests and answers together; 0: any number."`
	Micros   int64     `json:"micros" validate:"min=0" doc:"Millionths of a unit of the currency; 0: any. Models whose price is not known are refused under it."`
	Currency string    `json:"currency" validate:"max=3" doc:"Such as USD; absent with micros: USD."`
	Models   []string  `json:"models" validate:"max=64,dive,max=200" doc:"Names and patterns such as openai/*, and with them the aliases that can lead there; none: all models."`
}

func (d *Dashboard) putBudget(ctx context.Context, in putBudgetIn) (budgetInfo, error) {
	subject, err := d.budgetSubject(ctx, in.Scope, in.Subject)
	if err != nil {
		return budgetInfo{}, err
	}
	if in.Currency == "" && in.Micros > 0 {
		in.Currency = "USD"
	}
	b := ai.Allowance{Name: in.Name, Scope: in.Scope, Subject: subject, Period: in.Period, Tokens: in.Tokens, Micros: in.Micros, Currency: in.Currency, Models: in.Models}
	if err := b.Validate(); err != nil {
		return budgetInfo{}, Invalid(FieldError{Pointer: "", Code: "budget", Detail: err.Error()})
	}
	known, _ := d.models.rules.FindBudget(in.Name)
	c, err := d.ruleCondition(in.ruleConditionIn, known.Version)
	if err != nil {
		return budgetInfo{}, err
	}
	created := false
	c.Also = func(tx *storage.Tx, before aigovern.Budget) error {
		created = before.Version == 0
		return d.audit(ctx, tx, "ai-budget.put", in.Name, map[string]any{"before": auditedBudget(before.Allowance), "after": auditedBudget(b)})
	}
	made, err := d.models.rules.PutBudget(ctx, b, c)
	if err != nil {
		return budgetInfo{}, ruleError(err)
	}
	out, err := d.budgetInfoOf(ctx, made)
	out.created = created
	return out, err
}

func auditedBudget(b ai.Allowance) map[string]any {
	if b.Name == "" {
		return nil
	}
	return map[string]any{"scope": b.Scope, "subject": b.Subject, "period": b.Period, "tokens": b.Tokens, "micros": b.Micros, "currency": b.Currency, "models": b.Models}
}

// budgetSubject checks whom a budget is for, so that no budget is set that nobody
// has. Of API keys nobody but their owners can list the ids.
func (d *Dashboard) budgetSubject(ctx context.Context, scope ai.Scope, typed string) (string, error) {
	none := func(of string) error {
		return Invalid(FieldError{Pointer: "/subject", Code: "subject", Detail: "There is no such " + of + ".", Params: map[string]string{"of": of}})
	}
	if typed == ai.Everyone || typed == "" {
		return typed, nil
	}
	switch scope {
	case ai.ScopeUser:
		if strings.Contains(typed, "@") {
			return d.accountByEmail(ctx, typed)
		}
		if _, err := d.auth.User(ctx, typed); errors.Is(err, auth.ErrNotFound) {
			return "", none("account")
		} else if err != nil {
			return "", err
		}
	case ai.ScopeRole:
		if err := d.knownRole(ctx, typed); errors.Is(err, errNotFound) {
			return "", none("role")
		} else if err != nil {
			return "", err
		}
	case ai.ScopeModule:
		if d.modules[typed] == nil {
			return "", none("module")
		}
	}
	return typed, nil
}

// accountByEmail is for those who may see accounts.
func (d *Dashboard) accountByEmail(ctx context.Context, email string) (string, error) {
	key, err := d.accountLimitKey(ctx, email)
	if e, ok := errors.AsType[*Error](err); ok && len(e.Fields) > 0 {
		return "", Invalid(FieldError{Pointer: "/subject", Code: "subject", Detail: e.Fields[0].Detail, Params: e.Fields[0].Params})
	}
	return strings.TrimPrefix(key, "user:"), err
}

type deleteBudgetIn struct {
	budgetNameIn
	ruleConditionIn
}

func (d *Dashboard) deleteBudget(ctx context.Context, in deleteBudgetIn) (empty, error) {
	known, err := d.models.rules.FindBudget(in.Name)
	if err != nil {
		return empty{}, ruleError(err)
	}
	c, err := d.ruleCondition(in.ruleConditionIn, known.Version)
	if err != nil {
		return empty{}, err
	}
	c.Also = func(tx *storage.Tx, before aigovern.Budget) error {
		return d.audit(ctx, tx, "ai-budget.delete", in.Name, map[string]any{"before": auditedBudget(before.Allowance)})
	}
	return empty{}, ruleError(d.models.rules.DeleteBudget(ctx, in.Name, c))
}

// ruleCondition reads what a change is based on.
func (d *Dashboard) ruleCondition(in ruleConditionIn, present int64) (aigovern.Condition, error) {
	if in.IfNoneMatch.Any() {
		none := int64(0)
		return aigovern.Condition{Based: &none}, nil
	}
	if in.IfMatch.Any() && present == 0 {
		return aigovern.Condition{}, errStale
	}
	based, err := expectedVersion(in.IfMatch, func() (int64, error) { return present, nil })
	return aigovern.Condition{Based: based}, err
}

func ruleError(err error) error {
	switch {
	case errors.Is(err, aigovern.ErrUnknown):
		return errNotFound
	case errors.Is(err, aigovern.ErrChanged):
		return errStale
	case errors.Is(err, aigovern.ErrTooMany):
		return Errorf(http.StatusConflict, "too-many-rules", "There are too many of them. Remove some first.")
	}
	return err
}
