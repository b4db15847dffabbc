import { QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { FlagParts } from '../gallery/flags';
import { Badges, Buttons, Fields, Notices, Overlays, Section } from '../gallery/parts';
import { sampleClient, samples } from '../gallery/sample';
import { EditTile } from '../layout/tile';
import { Panel } from '../panels/panel';
import { Page } from '../parts/page';
import { Toasts } from '../parts/toast';
import { Preferences } from '../shell/preferences';
import '../styles/late.css';

/** Every component in every state, without a server. Only the development server has it. */
export function Gallery() {
  const [client] = useState(sampleClient);
  return (
    <QueryClientProvider client={client}>
      <main className="main">
        <Page title="Gallery">
          <div className="stack">
            <Section title="Look and language">
              <Preferences name="gallery" />
            </Section>
            <Buttons />
            <Fields />
            <Badges />
            <Overlays />
            <Notices />
            <FlagParts />
            <Section title="Panels">
              <div className="grid">
                {samples.map(({ meta }) => (
                  <Panel key={meta.id} panel={meta} />
                ))}
              </div>
            </Section>
            <Section title="Panels while they are arranged">
              <p id="layout-help">At rest, and lifted.</p>
              <ol className="grid arranged editing">
                {samples.slice(4, 6).map(({ meta }, index) => (
                  <EditTile
                    key={meta.id}
                    tile={{
                      module: meta.module,
                      panel: meta.id,
                      key: meta.id,
                      meta,
                      width: 1 + index,
                      height: 1,
                      hidden: false,
                    }}
                    from="Module"
                    lifted={index === 1}
                    onPress={() => undefined}
                    onGrab={() => undefined}
                    onCorner={() => undefined}
                    onHide={() => undefined}
                  />
                ))}
              </ol>
            </Section>
          </div>
        </Page>
      </main>
      <Toasts />
    </QueryClientProvider>
  );
}
