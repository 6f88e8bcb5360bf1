import { useRef, useState } from 'react';
import type { RefObject } from 'react';
import { asApiError, post } from '../../shell/api';
import type { ApiError } from '../../shell/api';
import { useResource } from '../../shell/resource';
import { useFormat, useMay } from '../../shell/session';
import { t, tCode } from '../../shell/strings';
import type { Key } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Action, Address, Possible } from './api';

type Dialog = RefObject<HTMLElementTagNameMap['s-modal'] | null>;

interface Draft {
  id: string;
  kind: string;
  line_id: string;
  variant_id: string;
  quantity: number;
  address: Address | null;
  expected: number | null;
  credit: boolean;
  override: boolean;
  note: string;
  quiet: boolean;
}

const FRESH = 3_000;
const fields = [
  'first_name',
  'last_name',
  'company',
  'address1',
  'address2',
  'zip',
  'city',
  'phone',
] as const;

/** What staff can change about an order for its shopper. */
export function ChangeOrder({ order }: { order: string }) {
  const may = useMay('orders.change');
  return may ? <Card order={order} /> : null;
}

function Card({ order }: { order: string }) {
  const path = `/changes/orders/${encodeURIComponent(order)}`;
  const { data, reload } = useResource<Possible>(path, FRESH);
  const [chosen, setChosen] = useState<Action | null>(null);
  const [draft, setDraft] = useState<Draft>(fresh());
  const dialog: Dialog = useRef(null);
  if (!data || !data.granted || data.actions.length === 0) return null;

  const open = (action: Action) => {
    const kind = action.action === 'items' ? 'quantity' : action.action;
    const line = data.lines.find((l) => l.sent < l.quantity);
    setChosen(action);
    setDraft({
      ...fresh(),
      kind,
      override: !action.allowed,
      address: action.action === 'address' ? data.address : null,
      line_id: action.action === 'items' ? (line?.id ?? '') : '',
      quantity: action.action === 'items' ? (line?.quantity ?? 0) : 0,
    });
    dialog.current?.showOverlay();
  };
  return (
    <s-section heading={t('change_order.title')}>
      <div className="stack-small">
        {data.latest && (
          <div className="stack-small">
            <span>
              {tCode('change_kind', data.latest.kind)}{' '}
              <s-badge tone={data.latest.state === 'done' ? 'success' : 'info'}>
                {tCode('change_state', data.latest.state)}
              </s-badge>
            </span>
            {data.latest.reason !== '' && (
              <span className="subdued break">{data.latest.reason}</span>
            )}
          </div>
        )}
        {data.closed !== '' && <span className="subdued">{data.closed}</span>}
        {(data.closed === '' ? data.actions : []).map((action) => (
          <div key={action.action} className="stack-small">
            <span>
              <s-button
                disabled={data.live || (!action.allowed && !action.beyond)}
                onClick={() => open(action)}
              >
                {t(`change_order.${action.action}` as Key)}
              </s-button>
            </span>
            <span className="subdued">{action.why}</span>
          </div>
        ))}
      </div>
      <Asking
        dialog={dialog}
        path={path}
        data={data}
        chosen={chosen}
        draft={draft}
        set={setDraft}
        done={reload}
      />
    </s-section>
  );
}

function fresh(): Draft {
  return {
    id: `chg_${crypto.randomUUID()}`,
    kind: 'cancel',
    line_id: '',
    variant_id: '',
    quantity: 0,
    address: null,
    expected: null,
    credit: false,
    override: false,
    note: '',
    quiet: false,
  };
}

interface AskingProps {
  dialog: Dialog;
  path: string;
  data: Possible;
  chosen: Action | null;
  draft: Draft;
  set: (draft: Draft) => void;
  done: () => Promise<void>;
}

function Asking({ dialog, path, data, chosen, draft, set, done }: AskingProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const [price, setPrice] = useState<{ expected: number; currency: string } | null>(null);
  const items = chosen?.action === 'items';
  const change = (more: Partial<Draft>) => {
    setPrice(null);
    setError(null);
    set({ ...draft, ...more, expected: null });
  };
  const act = async () => {
    setBusy(true);
    setError(null);
    try {
      if (items && price === null) {
        const found = await post<{ expected: number; currency: string }>(`${path}/review`, draft);
        setPrice(found);
        set({ ...draft, expected: found.expected });
        return;
      }
      await post(path, draft);
      dialog.current?.hideOverlay();
      setPrice(null);
      toast(t('change_order.asked'));
      await done();
    } catch (cause) {
      setError(asApiError(cause));
    } finally {
      setBusy(false);
    }
  };
  return (
    <s-modal
      ref={dialog}
      id="change-order"
      heading={chosen ? t(`change_order.${chosen.action}` as Key) : t('change_order.title')}
    >
      <div className="stack-small">
        {error && (
          <s-banner tone="critical" heading={t('change_order.failed')}>
            <s-paragraph>{error.message}</s-paragraph>
          </s-banner>
        )}
        {chosen && !chosen.allowed && (
          <s-banner tone="warning" heading={t('change_order.beyond')}>
            <s-paragraph>{chosen.why}</s-paragraph>
          </s-banner>
        )}
        {chosen?.action === 'cancel' && (
          <s-paragraph>{t('change_order.cancel_detail')}</s-paragraph>
        )}
        {chosen?.action === 'address' && draft.address && (
          <>
            {fields.map((name) => (
              <s-text-field
                key={name}
                label={t(`change_order.field.${name}` as Key)}
                value={draft.address![name]}
                error={error?.field(name) ?? ''}
                maxLength={120}
                autocomplete="off"
                onInput={(event) =>
                  change({ address: { ...draft.address!, [name]: event.currentTarget.value } })
                }
              />
            ))}
            <s-paragraph color="subdued">
              {t('change_order.place', { place: data.place })}
            </s-paragraph>
          </>
        )}
        {items && <Items path={path} data={data} draft={draft} change={change} />}
        {price && <Price price={price} />}
        {data.credit && chosen?.action !== 'address' && (
          <s-checkbox
            label={t('change_order.credit')}
            checked={draft.credit}
            onChange={(event) => set({ ...draft, credit: event.currentTarget.checked })}
          />
        )}
        <s-text-field
          label={t('change_order.note')}
          details={t('change_order.note_detail')}
          value={draft.note}
          error={error?.field('note') ?? ''}
          required={draft.override}
          maxLength={500}
          autocomplete="off"
          onInput={(event) => set({ ...draft, note: event.currentTarget.value })}
        />
        <s-checkbox
          label={t('change_order.tell')}
          details={t('change_order.tell_detail')}
          checked={!draft.quiet}
          onChange={(event) => set({ ...draft, quiet: !event.currentTarget.checked })}
        />
      </div>
      <s-button
        slot="primary-action"
        variant="primary"
        loading={busy}
        disabled={draft.override && draft.note.trim() === ''}
        onClick={() => void act()}
      >
        {t(
          items && price === null
            ? 'change_order.review'
            : (`change_order.${chosen?.action ?? 'cancel'}` as Key),
        )}
      </s-button>
      <s-button
        slot="secondary-actions"
        disabled={busy}
        onClick={() => dialog.current?.hideOverlay()}
      >
        {t('change_order.leave')}
      </s-button>
    </s-modal>
  );
}

interface ItemsProps {
  path: string;
  data: Possible;
  draft: Draft;
  change: (more: Partial<Draft>) => void;
}

function Items({ path, data, draft, change }: ItemsProps) {
  const line = data.lines.find((l) => l.id === draft.line_id);
  return (
    <>
      <s-select
        label={t('change_order.line')}
        value={draft.line_id}
        onChange={(event) => {
          const next = data.lines.find((l) => l.id === event.currentTarget.value);
          change({
            line_id: next?.id ?? '',
            variant_id: '',
            quantity: draft.kind === 'quantity' ? (next?.quantity ?? 0) : 0,
          });
        }}
      >
        {data.lines.map((l) => (
          <s-option key={l.id} value={l.id} disabled={l.sent >= l.quantity}>
            {`${l.quantity} × ${l.title}`}
          </s-option>
        ))}
      </s-select>
      <s-select
        label={t('change_order.what')}
        value={draft.kind}
        onChange={(event) =>
          change({
            kind: event.currentTarget.value ?? 'quantity',
            variant_id: '',
            quantity: event.currentTarget.value === 'quantity' ? (line?.quantity ?? 0) : 0,
          })
        }
      >
        {['quantity', 'swap', 'remove'].map((kind) => (
          <s-option key={kind} value={kind}>
            {tCode('change_kind', kind)}
          </s-option>
        ))}
      </s-select>
      {draft.kind === 'quantity' && (
        <s-number-field
          label={t('change_order.quantity')}
          min={Math.max(1, line?.sent ?? 0)}
          max={999}
          step={1}
          value={String(draft.quantity)}
          onInput={(event) => change({ quantity: Math.round(Number(event.currentTarget.value)) })}
        />
      )}
      {draft.kind === 'swap' && <Variants path={path} draft={draft} change={change} />}
    </>
  );
}

function Variants({ path, draft, change }: Omit<ItemsProps, 'data'>) {
  const { data } = useResource<{ variants: { id: string; title: string; left: number | null }[] }>(
    `${path}/variants?line=${encodeURIComponent(draft.line_id)}`,
  );
  return (
    <s-select
      label={t('change_order.variant')}
      value={draft.variant_id}
      onChange={(event) => change({ variant_id: event.currentTarget.value ?? '' })}
    >
      <s-option value="">{t('change_order.choose')}</s-option>
      {data?.variants.map((v) => (
        <s-option key={v.id} value={v.id}>
          {v.left === null
            ? v.title
            : t('change_order.left', { title: v.title, count: String(v.left) })}
        </s-option>
      ))}
    </s-select>
  );
}

function Price({ price }: { price: { expected: number; currency: string } }) {
  const format = useFormat();
  const amount = format.money({ minor: Math.abs(price.expected), currency: price.currency });
  const key: Key =
    price.expected === 0
      ? 'change_order.same'
      : price.expected > 0
        ? 'change_order.back'
        : 'change_order.more';
  return <s-paragraph>{t(key, { amount })}</s-paragraph>;
}
