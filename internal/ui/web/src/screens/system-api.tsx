import { APIDocs } from '../apidocs/api-docs';
import { Page } from '../parts/page';
import { t } from '../strings';
import { SystemNav } from '../system/nav';

/** The HTTP API of this server as it is now, to read and to try. */
export function SystemAPI() {
  return (
    <Page title={t('docs')}>
      <div className="stack">
        <SystemNav />
        <APIDocs />
      </div>
    </Page>
  );
}
