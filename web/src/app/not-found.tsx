import { Link } from "@tanstack/react-router";
import { EmptyNote } from "../ui/empty-note";

export function NotFound() {
  return (
    <div className="page">
      <div className="page-head">
        <h1>Not found</h1>
      </div>
      <EmptyNote title="There is no page at this address">
        <p>
          Press <kbd>Ctrl</kbd> <kbd>K</kbd> to find a page.
        </p>
        <p>
          <Link to="/">Go to the Overview</Link>
        </p>
      </EmptyNote>
    </div>
  );
}
