import type { QueryClient } from '@tanstack/react-query';
import { moduleQuery } from '../api/module-queries';
import type { Module, Operation } from '../api/types';
import { dismiss, notify } from '../parts/toast';
import { t } from '../strings';
import { stateName } from './state';

const stepMs = 400;
const mostMs = 60_000;
const stuck = ['failed', 'blocked', 'quarantined'];

/** Says that an operation is under way, and in place of that what came of it. */
export async function follow(
  client: QueryClient,
  { id, title }: Pick<Module, 'id' | 'title'>,
  op: Operation,
): Promise<void> {
  const said = notify(t(`done.${op}`, { title }), 'busy');
  for (let waited = 0; waited < mostMs; waited += stepMs) {
    await new Promise((done) => setTimeout(done, stepMs));
    const module = await client
      .fetchQuery({ ...moduleQuery(id), staleTime: 0, retry: false })
      .then((answer) => answer.module)
      .catch(() => undefined);
    if (!module) break; // nothing more can be said, and the page tells what is wrong
    if (stuck.includes(module.state)) {
      const now = module.failure
        ? t('modules.failed', { error: module.failure.error })
        : stateName(module.state);
      notify(t('action.now', { title, state: now }), 'bad', said);
      return;
    }
    if (module.state === module.desired) {
      notify(t('action.now', { title, state: stateName(module.state) }), 'good', said);
      return;
    }
  }
  dismiss(said);
}
