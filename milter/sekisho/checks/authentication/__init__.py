"""What is proven: SPF, DKIM, ARC, DMARC and iprev, and what their results prove together."""
