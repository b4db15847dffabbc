import { useState, type ReactNode } from 'react';
import { APIError } from '../api/error';
import { ChunkError } from '../lazy';
import { HealthText } from '../modules/health';
import { StateBadge } from '../modules/state';
import { Boundary } from '../parts/boundary';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { TextField } from '../parts/field';
import { Moment } from '../parts/moment';
import { ErrorNotice, Notice } from '../parts/notice';
import { PasswordField } from '../parts/password-field';
import { LoadingRows } from '../parts/skeleton';
import { Throttled } from '../parts/throttled';
import { notify } from '../parts/toast';
import { moments } from './sample';

/** A titled group of samples. */
export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="stack" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

const looks = [undefined, 'primary', 'danger', 'bare'] as const;

export function Buttons() {
  return (
    <Section title="Buttons">
      {[false, true].map((busy) => (
        <div key={String(busy)} className="row">
          {looks.map((look) => (
            <Button key={look ?? 'plain'} look={look} busy={busy}>
              {look ?? 'plain'}
              {busy && ', busy'}
            </Button>
          ))}
          <Button look="icon" aria-label="icon" busy={busy}>
            ×
          </Button>
        </div>
      ))}
    </Section>
  );
}

export function Fields() {
  return (
    <Section title="Fields">
      <div className="card stack">
        <TextField label="Plain" defaultValue="A value" />
        <TextField label="With a hint" hint="What belongs here." placeholder="A placeholder" />
        <TextField label="Refused" defaultValue="No" error="This does not have the expected form." />
        <PasswordField label="Password" defaultValue="correct horse" />
        <label className="check">
          <input type="checkbox" defaultChecked />
          <span>A check box</span>
        </label>
        <select className="input" aria-label="A choice">
          <option>One</option>
          <option>Another</option>
        </select>
        <textarea className="input" aria-label="Lines" defaultValue={'Two\nlines'} />
      </div>
    </Section>
  );
}

export function Notices() {
  return (
    <Section title="Notices">
      {(['info', 'warn', 'bad'] as const).map((kind) => (
        <Notice key={kind} kind={kind} title={`A notice: ${kind}`}>
          <p>What happened, and what to do next.</p>
        </Notice>
      ))}
      {[0, 401, 403, 404, 409, 412, 422, 429, 500, 503].map((status) => (
        <ErrorNotice
          key={status}
          error={new APIError(status, { request_id: 'r-1' })}
          onRetry={() => undefined}
          alert={false}
        />
      ))}
      <Throttled error={new APIError(429, {}, 30)} />
      <Boundary>
        <Thrower error={new Error('sample')} />
      </Boundary>
      <Boundary>
        <Thrower error={new ChunkError('sample')} />
      </Boundary>
    </Section>
  );
}

function Thrower({ error }: { error: Error }): ReactNode {
  throw error;
}

const states = [
  'available',
  'installing',
  'installed',
  'enabling',
  'enabled',
  'draining',
  'failed',
  'blocked',
  'quarantined',
  'of a newer server',
];

export function Badges() {
  return (
    <Section title="Badges and moments">
      <div className="row">
        {states.map((state) => (
          <StateBadge key={state} state={state} />
        ))}
      </div>
      <div className="row">
        {['ok', 'failing', 'unknown'].map((status) => (
          <HealthText key={status} health={{ status }} />
        ))}
      </div>
      <div className="row">
        {moments.map((at) => (
          <Moment key={at} at={at} />
        ))}
      </div>
      <div className="stretch">
        <LoadingRows rows={2} />
      </div>
    </Section>
  );
}

export function Overlays() {
  const [open, setOpen] = useState(false);
  return (
    <Section title="What lies on top">
      <div className="row">
        <Button
          onClick={() => {
            setOpen(true);
          }}
        >
          Dialog
        </Button>
        <Button
          onClick={() => {
            notify('Saved.');
          }}
        >
          Good news
        </Button>
        <Button
          onClick={() => {
            notify('It did not work. Try again.', 'bad');
          }}
        >
          Bad news
        </Button>
      </div>
      {open && (
        <Dialog
          title="A dialog"
          onClose={() => {
            setOpen(false);
          }}
        >
          <p>It keeps the focus inside, and gives it back.</p>
          <div className="dialog-actions">
            <Button
              onClick={() => {
                setOpen(false);
              }}
            >
              Cancel
            </Button>
            <Button look="danger">Do it</Button>
          </div>
        </Dialog>
      )}
    </Section>
  );
}
