-- SPDX-License-Identifier: Apache-2.0
-- What the mobile game says: each coupon that was granted, then how many there are and what all
-- wallets hold together. Both games agree when both audits print the same lines.
SELECT line FROM (
  SELECT 1 AS part, CONCAT(coupon, ' user ', user_id, ' gold ', gold) AS line FROM wallet_entry
  UNION ALL
  SELECT 2, CONCAT('total ', (SELECT COUNT(*) FROM wallet_entry), ' gold ',
                   (SELECT COALESCE(SUM(gold), 0) FROM wallet))
) AS audit ORDER BY part, BINARY line;
