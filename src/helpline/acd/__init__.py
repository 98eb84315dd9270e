"""Entry points, menus, queues and the routing of calls to agents."""
