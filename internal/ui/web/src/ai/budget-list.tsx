import { useQuery } from '@tanstack/react-query';
import { myModulesQuery } from '../api/queries';
import { number } from '../format';
import { share } from '../flags/share';
import { Button } from '../parts/button';
import { Moment } from '../parts/moment';
import { t } from '../strings';
import { money } from './money';
import type { Amount, Budget } from './types';
import { Who } from './who';

interface Props {
  budgets: Budget[];
  onEdit: ((name: string) => void) | undefined;
  onRemove: (name: string) => void;
}

/** Every budget with what is used of it. */
export function BudgetList({ budgets, onEdit, onRemove }: Props) {
  if (budgets.length === 0)
    return (
      <div className="card empty stretch">
        <h3>{t('ai.budgets.empty.title')}</h3>
        <p>{t('ai.budgets.empty')}</p>
      </div>
    );
  return (
    <ul className="card flush rows">
      {budgets.map((budget) => (
        <li key={budget.name} data-budget={budget.name}>
          <div className="stack close">
            <p className="row">
              <b>{budget.name}</b>
              <span className="badge plain">
                <Whose budget={budget} />
              </span>
              <span className="badge plain">{t(`ai.period.${budget.period}`)}</span>
            </p>
            {budget.models.length > 0 && (
              <p className="small dim">
                {t('ai.budget.only')} <span className="mono">{budget.models.join(', ')}</span>
              </p>
            )}
            {budget.subject === '*' ? <Each budget={budget} /> : <Used budget={budget} used={budget.used} />}
            <p className="small dim">
              {t('ai.budget.until')} <Moment at={budget.until} />
            </p>
          </div>
          {onEdit && (
            <div className="row">
              <Button
                aria-haspopup="dialog"
                aria-label={t('ai.budget.change.of', { name: budget.name })}
                onClick={() => {
                  onEdit(budget.name);
                }}
              >
                {t('limits.change')}
              </Button>
              <Button
                look="bare"
                aria-haspopup="dialog"
                aria-label={t('ai.budget.remove.of', { name: budget.name })}
                onClick={() => {
                  onRemove(budget.name);
                }}
              >
                {t('limits.own.remove')}
              </Button>
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}

function Whose({ budget: { scope, subject = '' } }: { budget: Budget }) {
  if (scope === 'all') return t('ai.scope.all');
  if (subject === '*') return t(`ai.each.${scope}`);
  return (
    <>
      {t(`ai.scope.${scope}`)} <Subject scope={scope} id={subject} />
    </>
  );
}

function Subject({ scope, id }: { scope: Budget['scope']; id: string }) {
  const modules = useQuery(myModulesQuery).data ?? [];
  if (scope === 'user') return <Who id={id} />;
  return scope === 'module' ? (modules.find((one) => one.id === id)?.title ?? id) : id;
}

/** Those who used most, where each has an amount of its own. */
function Each({ budget }: { budget: Budget }) {
  if (budget.by.length === 0) return <p className="small dim">{t('ai.budget.unused')}</p>;
  return (
    <ul className="stack close">
      {budget.by.map((one) => (
        <li key={one.subject} className="stretch">
          <Subject scope={budget.scope} id={one.subject} />
          <Used budget={budget} used={one} />
        </li>
      ))}
    </ul>
  );
}

function Used({ budget, used }: { budget: Budget; used: Amount }) {
  const { tokens = 0, micros = 0, currency = '' } = budget;
  return (
    <div className="ai-meter">
      {tokens > 0 && (
        <Meter
          part={used.tokens / tokens}
          text={t('ai.budget.tokens', { used: number(used.tokens), most: number(tokens) })}
        />
      )}
      {micros > 0 && (
        <Meter
          part={used.micros / micros}
          text={t('ai.budget.money', { used: money(used.micros, currency), most: money(micros, currency) })}
        />
      )}
    </div>
  );
}

const near = 0.8;

/** How much of something is used; the words say it too. */
function Meter({ part, text }: { part: number; text: string }) {
  const look = part >= 1 ? 'over' : part >= near ? 'near' : '';
  return (
    <>
      <p className="small num">
        {text} <span className="dim">{share(part)}</span>
      </p>
      <span className="bar-track" aria-hidden="true">
        <span
          className={`bar-fill ${look}`}
          style={{ inlineSize: `${String(Math.min(100, part * 100))}%` }}
        />
      </span>
    </>
  );
}
