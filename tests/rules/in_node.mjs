// The checks in Node, where the SDK speaks gRPC.
import * as checks from "./checks.mjs";
import { serve } from "./lines.mjs";

await serve((check, input) => checks[check](input));
