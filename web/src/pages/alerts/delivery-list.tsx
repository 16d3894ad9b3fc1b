import { IconCheck, IconX } from "@tabler/icons-react";
import type { Delivery } from "../../lib/deliveries";
import { clockWithDay, humanDuration } from "../../lib/time";

/** Who was told: each receiver once, and under it every channel with its newest notification. */
export function DeliveryList({ deliveries, now }: { deliveries: readonly Delivery[]; now: number }) {
  const receivers = [...new Set(deliveries.map((delivery) => delivery.receiver))];
  return receivers.map((receiver) => (
    <div key={receiver} className="receiver">
      <p className="receiver-name">
        <span className="for-readers">Delivered to </span>
        {receiver}
      </p>
      <ul>
        {deliveries
          .filter((delivery) => delivery.receiver === receiver)
          .map((delivery) => (
            <DeliveryLine key={`${delivery.integration} ${delivery.index}`} delivery={delivery} now={now} />
          ))}
      </ul>
    </div>
  ));
}

function DeliveryLine({ delivery, now }: { delivery: Delivery; now: number }) {
  const { integration, status, atMs, ok, reason, attempts } = delivery;
  const when = atMs === null ? "" : `${humanDuration(now - atMs)} ago`;
  return (
    <li className="delivery" data-ok={ok} title={atMs === null ? "" : clockWithDay(atMs)}>
      {ok ? <IconCheck size={14} aria-hidden /> : <IconX size={14} aria-hidden />}
      <span>{integration}</span>
      <span className="delivery-how">
        {status} {ok ? "sent" : "not sent"}, {when}
        {attempts > 1 ? `, ${attempts} attempts` : ""}
      </span>
      {!ok && reason && <span className="delivery-reason">{reason}</span>}
    </li>
  );
}
