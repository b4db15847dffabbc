import { Link } from '@tanstack/react-router';
import { useMay } from '../api/may';
import { Tabs } from '../parts/tabs';
import { t } from '../strings';

/** The way between the screens of models. */
export function AINav() {
  const mayRead = useMay('ai.read');
  const mayUse = useMay('ai.use');
  return (
    <Tabs label={t('nav.ai')}>
      {mayRead && (
        <>
          <Link to="/ai" activeOptions={{ exact: true, includeSearch: false }}>
            {t('ai.gateway')}
          </Link>
          <Link to="/ai/requests" activeOptions={{ includeSearch: false }}>
            {t('ai.requests')}
          </Link>
          <Link to="/ai/budgets" activeOptions={{ includeSearch: false }}>
            {t('ai.budgets')}
          </Link>
          <Link to="/ai/prompts" activeOptions={{ includeSearch: false }}>
            {t('ai.prompts')}
          </Link>
          <Link to="/ai/feedback" activeOptions={{ includeSearch: false }}>
            {t('ai.feedback')}
          </Link>
        </>
      )}
      {mayUse && (
        <Link to="/ai/try" activeOptions={{ includeSearch: false }}>
          {t('ai.try')}
        </Link>
      )}
    </Tabs>
  );
}
