package lifecycle

// recover plans retry, rollback and force. Where nothing failed there is
// nothing to do; a quarantined module can only be retried.
func (p *planner) recover() ([]Step, error) {
	r := p.Records[p.Module]
	failed, step := p.Ailing[p.Module], ""
	if f, yes := r.Failure(); yes {
		failed, step = f.Operation, f.Step
	}
	_, migration := MigrationOf(step)
	switch {
	case failed == "":
		return nil, nil
	case migration && p.Op == OpForce:
		return nil, p.refuse("it failed at %s, and what follows relies on that migration; retry it or roll back", step)
	case failed == OpQuarantine && p.Op != OpRetry:
		return nil, p.refuse("it is quarantined, which can only be retried, or ended by disabling it")
	}
	var steps []Step
	var err error
	if p.Op == OpRollback {
		steps, err = p.rollback(failed)
	}
	if err != nil {
		return nil, err
	}
	return append(steps, Step{Module: p.Module, Op: p.Op}), nil
}

// rollback plans what has to go with a rollback: it raises or lowers the module
// like any other action.
func (p *planner) rollback(failed Op) ([]Step, error) {
	switch failed {
	case OpDisable:
		return p.raiseNeeds(level(Enabled))
	case OpUninstall:
		return p.raiseNeeds(level(Installed))
	case OpEnable, OpInstall:
		goal := level(Installed)
		if failed == OpInstall {
			goal = level(Available)
		}
		needed, err := p.lowerUsers(goal)
		if err != nil {
			return nil, err
		}
		return p.lowerAll(needed, goal)
	}
	return nil, nil
}
