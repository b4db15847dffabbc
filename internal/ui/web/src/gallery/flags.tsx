import { useState } from 'react';
import { DefinitionDiff } from '../versions/difference';
import type { Serve } from '../flags/rules';
import { ServeEditor } from '../flags/serve';
import { FlagState, StaleMark } from '../flags/state';
import { Troubles } from '../flags/troubles';
import '../styles/flags.css';
import { Section } from './parts';

const states = [
  { enabled: true, killed: false },
  { enabled: false, killed: false },
  { enabled: true, killed: true },
  { enabled: true, killed: false, damaged: 'What is stored cannot be read.' },
];

const parts = [
  { variant: 'on', weight: 25 },
  { variant: 'off', weight: 75 },
];

/** What only the screens of flags have. */
export function FlagParts() {
  const [serve, setServe] = useState<Serve>({ kind: 'split', by: '', parts });
  return (
    <Section title="Flags">
      <div className="row">
        {states.map((flag, index) => (
          <FlagState key={index} flag={flag} />
        ))}
        <StaleMark flag={{ stale: true, stale_why: 'It expired.' }} />
      </div>
      <div className="card stretch">
        <ServeEditor serve={serve} variants={['on', 'off']} label="What it serves" onChange={setServe} />
      </div>
      <DefinitionDiff
        before={{ state: 'ENABLED', defaultVariant: 'off' }}
        after={{ state: 'DISABLED', defaultVariant: 'off' }}
        label="What changed"
      />
      <Troubles
        troubles={[
          { pointer: '/targeting/if/0', line: 3, column: 7, code: 'x', detail: 'this can only fail' },
          { pointer: '', line: 0, column: 0, code: 'x', detail: 'it is needed', other: 'other-flag' },
        ]}
        onJump={() => undefined}
      />
    </Section>
  );
}
