"""`python -m helpline.conf` is the command `helpline`."""

from helpline.conf.cli import main

main()
