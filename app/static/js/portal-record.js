// The portal's record: its tables of measurements as plots. Without scripts the tables say it all.

import { drawTrends } from "./chart/trends.js";

drawTrends();
