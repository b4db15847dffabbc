import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { AccessList, accessPath, EditAccess, roleName } from '../ai/access';
import { budgetPath, EditBudget } from '../ai/budget-edit';
import { BudgetList } from '../ai/budget-list';
import { AINav } from '../ai/nav';
import { accessQuery, budgetsQuery } from '../ai/queries';
import { RemoveRule } from '../ai/remove-rule';
import { useMay } from '../api/may';
import { Button } from '../parts/button';
import { ErrorNotice } from '../parts/notice';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import { t } from '../strings';
import '../styles/ai.css';

interface Opened {
  what: 'budget' | 'access';
  /** Empty: a new one. */
  name: string;
  remove?: boolean;
}

/** How much may be used of models, and which of them by whom. */
export function Budgets() {
  const budgets = useQuery(budgetsQuery);
  const access = useQuery(accessQuery);
  const mayManage = useMay('ai.manage');
  const [opened, setOpened] = useState<Opened | null>(null);
  const failed = [budgets, access].find((one) => one.error && !one.data);
  const handlers = (what: Opened['what']) => ({
    onEdit: mayManage
      ? (name: string) => {
          setOpened({ what, name });
        }
      : undefined,
    onRemove: (name: string) => {
      setOpened({ what, name, remove: true });
    },
  });
  return (
    <Page title={t('ai.budgets')}>
      <div className="stack">
        <AINav />
        {failed && <ErrorNotice error={failed.error} onRetry={() => void failed.refetch()} alert={false} />}
        {!failed && !(budgets.data && access.data) && <LoadingRows rows={3} height="7rem" />}
        {budgets.data && access.data && (
          <>
            <Section
              title={t('ai.budgets.title')}
              about={t('ai.budgets.about')}
              action={mayManage && t('ai.budget.new')}
              onAction={() => {
                setOpened({ what: 'budget', name: '' });
              }}
            >
              <BudgetList budgets={budgets.data} {...handlers('budget')} />
            </Section>
            <Section
              title={t('ai.access')}
              about={t('ai.access.about')}
              action={mayManage && t('ai.access.new')}
              onAction={() => {
                setOpened({ what: 'access', name: '' });
              }}
            >
              <AccessList rules={access.data} {...handlers('access')} />
            </Section>
          </>
        )}
      </div>
      {opened && (
        <Opened
          opened={opened}
          onClose={() => {
            setOpened(null);
          }}
        />
      )}
    </Page>
  );
}

interface SectionProps {
  title: string;
  about: string;
  action: string | false;
  onAction: () => void;
  children: ReactNode;
}

function Section({ title, about, action, onAction, children }: SectionProps) {
  return (
    <section className="stack" aria-label={title}>
      <div className="row ai-head stretch">
        <h2>{title}</h2>
        {action && (
          <Button aria-haspopup="dialog" onClick={onAction}>
            {action}
          </Button>
        )}
      </div>
      <p className="dim">{about}</p>
      {children}
    </section>
  );
}

function Opened({ opened: { what, name, remove }, onClose }: { opened: Opened; onClose: () => void }) {
  if (what === 'budget')
    return remove ? (
      <RemoveRule
        path={budgetPath(name)}
        title={t('ai.budget.remove.ask', { name })}
        about={t('ai.budget.remove.about')}
        done={t('resource.deleted', { label: name })}
        onClose={onClose}
      />
    ) : (
      <EditBudget name={name} onClose={onClose} />
    );
  return remove ? (
    <RemoveRule
      path={accessPath(name)}
      title={t('ai.access.remove.ask', { role: roleName(name) })}
      about={t('ai.access.remove.about')}
      done={t('resource.deleted', { label: roleName(name) })}
      onClose={onClose}
    />
  ) : (
    <EditAccess role={name} onClose={onClose} />
  );
}
